/**
 * The shard service: what a node does for others with the bytes on its disk. `blob/` calls it,
 * `storage/` serves it; they meet only here.
 */
import type { BlobId, VolumeId } from '#base/ids.ts';
import type { Body } from '#rpc/rpc.ts';

/**
 * One shard: slot `slot` of stripe `stripe` of a blob. Immutable once written. With its volume, so
 * that what a node holds of a volume is a range of its index.
 */
export interface ShardKey {
  readonly volume: VolumeId;
  readonly blob: BlobId;
  /** Index of the stripe in the blob, from 0. */
  readonly stripe: number;
  /** 0 … k−1: data, k … k+m−1: parity. */
  readonly slot: number;
}

export interface ReadShardHead extends ShardKey {
  /** Bytes within the shard. */
  readonly offset: number;
  readonly length: number;
}

/** `crc`: CRC-32 of the body, set by the sender, checked by the receiver. */
export interface ShardBodyHead {
  readonly crc: number;
}

export interface WriteShardHead extends ShardKey, ShardBodyHead {}

export const shardMethods = {
  /**
   * WriteShardHead + bytes → {} once durable. Writing the same shard with the same bytes again is
   * fine.
   */
  write: 'shard.write',
  /** ReadShardHead → ShardBodyHead + bytes. Errors: shard_missing, shard_corrupt. */
  read: 'shard.read',
  /** {keys: ShardKey[]} → {} once durable; missing ones are no error. */
  delete: 'shard.delete',
  /** DeleteBlobsHead → DeleteBlobsReply once durable: all shards of the blobs in the volumes. */
  deleteBlobs: 'shard.deleteBlobs',
  /** ListShardsHead → ListShardsReply: what the node holds of a volume, in the order of keys. */
  list: 'shard.list',
} as const;

/** A blob's shards in one volume. */
export interface BlobInVolume {
  readonly volume: VolumeId;
  readonly blob: BlobId;
}

export interface DeleteBlobsHead {
  readonly blobs: readonly BlobInVolume[];
}

/** `more`: a call deletes a bounded number of shards; call again with the same. */
export interface DeleteBlobsReply {
  readonly more: boolean;
}

export interface HeldShard {
  readonly key: ShardKey;
  /** Bytes of the body. */
  readonly length: number;
}

export interface ListShardsHead {
  readonly volume: VolumeId;
  readonly after: ShardKey | null;
  readonly limit: number;
}

/** A HeldShard of the volume asked for. */
export type WireHeldShard = readonly [blob: BlobId, stripe: number, slot: number, length: number];

/** Fewer than asked for: that was all. */
export interface ListShardsReply {
  readonly shards: readonly WireHeldShard[];
}

export interface ShardCallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface ShardBytes {
  readonly body: Body;
  readonly crc: number;
}

/** The same three, as seen by a caller, whichever node serves them. */
export interface ShardReader {
  read(key: ShardKey, offset: number, length: number): Promise<ShardBytes>;
}
export interface ShardWriter {
  write(key: ShardKey, body: Body, crc: number): Promise<void>;
}
