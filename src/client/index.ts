/** What applications use: the storage, and its errors by type. */
export * from './errors.ts';
export {
  type CallOptions,
  type Download,
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
  type StorageOptions,
  type WriteOptions,
} from './storage.ts';
