/** Volumes and extents: how a blob lies on the nodes. Kept in the kv under `v/` and in file records. */
import type { NodeId, VolumeId } from '#base/ids.ts';

/** Reed–Solomon: k data shards, m parity shards. k = 1: m + 1 copies. */
export interface Code {
  readonly k: number;
  readonly m: number;
}

export interface VolumeRecord {
  readonly id: VolumeId;
  readonly code: Code;
  /** Members by slot; k + m of them, all different. */
  readonly members: readonly NodeId[];
  /** + 1 with every change of members. */
  readonly epoch: number;
  readonly state: 'open' | 'sealed';
  /** Slots whose new member doesn't hold everything yet. */
  readonly rebuilding: readonly number[];
}

/** Stripes `first` … `first + count − 1` of the blob lie in `volume`. Extents of a blob are in order, without gaps. */
export interface Extent {
  readonly volume: VolumeId;
  readonly first: number;
  readonly count: number;
}
