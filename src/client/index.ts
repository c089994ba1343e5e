/** What applications use: the storage, and its errors by type. */
export {
  Cluster,
  type CreatedToken,
  type NodeAdvice,
  type Probe,
  type TokenInfo,
} from './cluster.ts';
export type {
  ClusterNode,
  ClusterStatus,
  EtcdMember,
  Progress,
  RequestCounts,
} from './cluster-status.ts';
export type { ConnectionOptions as StorageOptions } from './connection.ts';
export * from './errors.ts';
export {
  type CallOptions,
  type Download,
  type FileExtent,
  type FileInfo,
  type FileStat,
  type ListEntry,
  type ListOptions,
  type PutInfo,
  type PutOptions,
  type PutSource,
  type RangeOptions,
  type RemoveOptions,
  Storage,
  type WriteOptions,
} from './storage.ts';
