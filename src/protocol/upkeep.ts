/** The upkeep service: what nodes ask of each other to keep data whole. */
import type { BlobId, VolumeId } from '#base/ids.ts';

export const upkeepMethods = {
  /** RebuildHead → {} once this node holds its shards of those stripes. */
  rebuild: 'upkeep.rebuild',
  /** SettledHead → SettledReply, asked of the node in whose session the blobs were written. */
  settled: 'upkeep.settled',
} as const;

/** At most in one call. */
export const settledBlobsMax = 1024;

export interface SettledHead {
  readonly blobs: readonly BlobId[];
}

/** Those that the node has done with: whether they have a name, the names tell. */
export interface SettledReply {
  readonly settled: readonly BlobId[];
}

export interface RebuildHead {
  readonly volume: VolumeId;
  readonly blob: BlobId;
  readonly shards: readonly StripeShard[];
}

/** A stripe's number and the bytes of each of its shards. */
export type StripeShard = readonly [stripe: number, shardBytes: number];
