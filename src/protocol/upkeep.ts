/** The upkeep service: what nodes ask of each other to keep data whole. */
import type { BlobId, VolumeId } from '#base/ids.ts';

export const upkeepMethods = {
  /** RebuildHead → {} once this node holds its shards of those stripes. */
  rebuild: 'upkeep.rebuild',
} as const;

export interface RebuildHead {
  readonly volume: VolumeId;
  readonly blob: BlobId;
  readonly shards: readonly StripeShard[];
}

/** A stripe's number and the bytes of each of its shards. */
export type StripeShard = readonly [stripe: number, shardBytes: number];
