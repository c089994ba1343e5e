/**
 * A disk: files and folders with explicit durability. Errors are Node's own, with `code` (ENOSPC,
 * EIO, …).
 */
export interface DiskFile {
  /**
   * Reads up to `into.length` bytes at `position`; the count is short only at the end of the file.
   */
  read(into: Buffer, position: number): Promise<number>;
  /**
   * The same at once, on the caller's thread: for small blocks that are likely in the page cache,
   * where the thread pool's hand-over costs more than the read. Holds up everything else on a cache
   * miss.
   */
  readNow(into: Buffer, position: number): number;
  /** Writes all of `parts`, in order, from `position` on. */
  write(parts: readonly Buffer[], position: number): Promise<void>;
  /** Resolves when all that was written is on the disk (fdatasync). */
  sync(): Promise<void>;
  size(): Promise<number>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * 'read': must exist. 'write': read and write, created if missing. 'write-sync': as 'write', and
 * each write is on the disk when it resolves (O_DSYNC), in one hand-over to the thread pool instead
 * of two.
 */
export type DiskMode = 'read' | 'write' | 'write-sync';

export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface DiskLock {
  release(): Promise<void>;
}

export interface Disk {
  open(path: string, mode: DiskMode): Promise<DiskFile>;
  /** Creates the folder and its parents; durable when resolved. */
  makeFolder(path: string): Promise<void>;
  /** Names in a folder, sorted; empty if the folder is missing. */
  list(path: string): Promise<string[]>;
  remove(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Makes creations, renames and removals in the folder durable (fsync of the directory). */
  syncFolder(path: string): Promise<void>;
  space(path: string): Promise<DiskSpace>;
  /** Whole file, or undefined if missing. For small files such as an identity. */
  readWhole(path: string): Promise<Buffer | undefined>;
  /** Replaces a small file atomically and durably (write aside, sync, rename, sync the folder). */
  writeWhole(path: string, content: Buffer, mode?: number): Promise<void>;
  /**
   * Takes the folder for this process alone, or throws an Error whose `code` is 'ELOCKED' naming
   * the holder. The lock dies with the process, whatever kills it.
   */
  lock(folder: string): Promise<DiskLock>;
}
