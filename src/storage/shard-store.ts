/**
 * One node's disk. Shards live in append-only segment files as self-describing records (blob,
 * stripe, slot, length, CRCs); an LMDB index finds them and can be rebuilt from the segments at any
 * time. A write is acknowledged only when its record is on the disk; many share one fdatasync.
 * Recovery truncates a torn tail and nothing else. A failed sync fences the store for good: what
 * the kernel dropped can't be known, so nothing more is acknowledged (`store_fenced`).
 */
import type { HeldShard, ShardKey, ShardReader, ShardWriter } from '#protocol/shards.ts';

export interface ShardStoreStats {
  readonly shards: number;
  /** Bytes of live shards. */
  readonly liveBytes: number;
  /** Bytes of all segment files. */
  readonly segmentBytes: number;
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Why nothing more is written, if so. */
  readonly fenced: string | undefined;
  readonly full: boolean;
  /** Damaged records found since the store was opened, by recovery and by reads. */
  readonly corrupt: number;
}

/** Which disk this is, and how far on in its life. */
export interface DiskIdentity {
  readonly diskId: string;
  /** Grows with every opening, and with `advance`. */
  readonly generation: number;
  /** It was empty when the store was opened. */
  readonly isNew: boolean;
}

export type ListWithin = Pick<ShardKey, 'volume'> & Partial<Pick<ShardKey, 'blob'>>;

export interface ShardStore extends ShardReader, ShardWriter {
  readonly identity: DiskIdentity;
  /** Takes the disk one generation on; durable when resolved. One at a time. */
  advance(): Promise<DiskIdentity>;
  /**
   * Errors: shard_missing, shard_corrupt, invalid_argument (not within the shard), overloaded.
   * Every byte returned was checked against its CRC.
   */
  read: ShardReader['read'];
  /**
   * Errors: store_full, store_fenced, overloaded, shard_corrupt (body and crc differ),
   * invalid_argument (the shard is there with other bytes). The body must not change until it
   * resolves.
   */
  write: ShardWriter['write'];
  delete(keys: readonly ShardKey[]): Promise<void>;
  has(key: ShardKey): boolean;
  /**
   * Up to `limit` shards after `after` in the order of keys: a page of what this node holds, or of
   * that within a volume, or within a blob in it.
   */
  list(after: ShardKey | undefined, limit: number, within?: ListWithin): HeldShard[];
  stats(): Promise<ShardStoreStats>;
  close(): Promise<void>;
}
