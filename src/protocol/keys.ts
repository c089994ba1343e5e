/** The register of all keys in the kv. No other place builds or parses one. */
import type { BlobId, NodeId, OperationId, VolumeId } from '#base/ids.ts';

export const prefixes = {
  /** `f/<path>` → FileRecord. Paths start with a slash. */
  file: 'f/',
  /** `b/<blob>/<path without its first slash>` → empty: this path uses the blob. */
  backReference: 'b/',
  /** `v/<volume>` → VolumeRecord. */
  volume: 'v/',
  /** `n/<node>` → NodeRegistration: what the node says of itself. */
  node: 'n/',
  /** `d/<node>` → empty: an operator wants the node emptied. The node itself never writes it. */
  drain: 'd/',
  /** `l/<node>` → incarnation, bound to a lease. */
  liveness: 'l/',
  /** `g/<blob>` → GarbageRecord: no name is left, delete its shards. */
  garbage: 'g/',
  /**
   * `o/<operation>` → empty: this operation was applied; 'refused': it wasn't and never will be.
   */
  operation: 'o/',
  /** `t/<token's id>` → TokenRecord: who may do what. */
  token: 't/',
  /** `c/…` → facts about the whole cluster. */
  cluster: 'c/',
} as const;

export const fileKey = (path: string): string => prefixes.file + path;
export const pathOfFileKey = (key: string): string => key.slice(prefixes.file.length);
export const backReferencePrefix = (blob: BlobId): string => `${prefixes.backReference}${blob}/`;
export const backReferenceKey = (blob: BlobId, path: string): string =>
  backReferencePrefix(blob) + path.slice(1);
export const blobOfBackReference = (key: string): BlobId =>
  key.slice(
    prefixes.backReference.length,
    key.indexOf('/', prefixes.backReference.length),
  ) as BlobId;
export const pathOfBackReference = (key: string): string =>
  key.slice(key.indexOf('/', prefixes.backReference.length));
export const volumeKey = (id: VolumeId): string => prefixes.volume + id;
export const nodeKey = (id: NodeId): string => prefixes.node + id;
export const drainKey = (id: NodeId): string => prefixes.drain + id;
export const livenessKey = (id: NodeId): string => prefixes.liveness + id;
export const garbageKey = (blob: BlobId): string => prefixes.garbage + blob;
export const blobOfGarbageKey = (key: string): BlobId =>
  key.slice(prefixes.garbage.length) as BlobId;
export const operationKey = (id: OperationId): string => prefixes.operation + id;
export const tokenKey = (id: string): string => prefixes.token + id;
export const clusterIdKey = `${prefixes.cluster}id`;
/** `c/era/<era>` → the names were restored from a backup so many times; none: never. */
export const eraPrefix = `${prefixes.cluster}era/`;
export const eraKey = (era: number): string => eraPrefix + era;
/** While names are restored: of no era yet, so that no node registers. */
export const restoringKey = `${eraPrefix}restoring`;
/** → why nothing may be thrown away for want of a name; none: it may. */
export const collectionHoldKey = `${prefixes.cluster}hold`;
/** → who is busy with the upkeep of the names engine. */
export const upkeepKey = `${prefixes.cluster}upkeep`;
/** → ages of revisions, for those who haven't lived so long. */
export const agesKey = `${prefixes.cluster}ages`;
/** → empty: the first token was made. */
export const firstTokenKey = `${prefixes.cluster}first-token`;
