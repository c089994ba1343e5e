import type { KeySpan, KvEntry } from '../kv.ts';

/** Where a driver in this process keeps the entries as they are now. All of it at once. */
export interface Entries {
  get(key: string): KvEntry | undefined;
  /** In the order of keys. Nothing must be written until the scan is over. */
  scan(span: KeySpan): Iterable<KvEntry>;
  /** `isBound`: the entry ends with a lease. */
  put(entry: KvEntry, isBound: boolean): void;
  delete(key: string): void;
  /** What was written since the last call is this revision. */
  seal(revision: number): void;
}
