/**
 * The real disk, over plain file descriptors and the thread pool. `FileHandle` would do the same at
 * twice the cost for small blocks.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Disk, DiskFile, DiskLock, DiskMode, DiskSpace } from '../disk.ts';
import { lockFolder } from './folder-lock.ts';

const flags: Record<DiskMode, number> = {
  read: fs.constants.O_RDONLY,
  write: fs.constants.O_RDWR | fs.constants.O_CREAT,
  'write-sync': fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_DSYNC,
};

type Callback<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

function call<T>(start: (done: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value)));
  });
}

/** What is left of `parts` after the first `count` bytes. */
function after(parts: readonly Buffer[], count: number): readonly Buffer[] {
  let skip = count;
  let index = 0;
  for (; index < parts.length; index++) {
    const { length } = parts[index] as Buffer;
    if (skip < length) break;
    skip -= length;
  }
  const [first, ...rest] = parts.slice(index);
  return first === undefined ? [] : [first.subarray(skip), ...rest];
}

class NodeFile implements DiskFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  async read(into: Buffer, position: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const count = await call<number>((callback) =>
        fs.read(this.#fd, into, done, into.length - done, position + done, callback),
      );
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  readNow(into: Buffer, position: number): number {
    let done = 0;
    while (done < into.length) {
      const count = fs.readSync(this.#fd, into, done, into.length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  async write(parts: readonly Buffer[], position: number): Promise<void> {
    let at = position;
    for (let left = after(parts, 0); left.length > 0; ) {
      const pending = left;
      const count = await call<number>((callback) => fs.writev(this.#fd, pending, at, callback));
      if (count === 0) throw Object.assign(new Error('wrote nothing'), { code: 'EIO' });
      at += count;
      left = after(pending, count);
    }
  }

  sync(): Promise<void> {
    return call((callback) => fs.fdatasync(this.#fd, (error) => callback(error, undefined)));
  }

  async size(): Promise<number> {
    const stat = await call<fs.Stats>((callback) => fs.fstat(this.#fd, callback));
    return stat.size;
  }

  truncate(size: number): Promise<void> {
    return call((callback) => fs.ftruncate(this.#fd, size, (error) => callback(error, undefined)));
  }

  close(): Promise<void> {
    return call((callback) => fs.close(this.#fd, (error) => callback(error ?? null, undefined)));
  }
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

async function orIfMissing<T, U>(work: Promise<T>, missing: U): Promise<T | U> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return missing;
    throw error;
  }
}

class NodeDisk implements Disk {
  #asideNumber = 0;

  async open(file: string, mode: DiskMode): Promise<DiskFile> {
    return new NodeFile(await call((callback) => fs.open(file, flags[mode], 0o600, callback)));
  }

  async makeFolder(folder: string): Promise<void> {
    const absolute = path.resolve(folder);
    const first = await fs.promises.mkdir(absolute, { recursive: true, mode: 0o700 });
    if (first === undefined) return;
    const top = path.dirname(first);
    for (let at = path.dirname(absolute); ; at = path.dirname(at)) {
      await this.syncFolder(at);
      if (at === top) return;
    }
  }

  async list(folder: string): Promise<string[]> {
    return (await orIfMissing(fs.promises.readdir(folder), [])).sort();
  }

  remove(file: string): Promise<void> {
    return fs.promises.unlink(file);
  }

  rename(from: string, to: string): Promise<void> {
    return fs.promises.rename(from, to);
  }

  async syncFolder(folder: string): Promise<void> {
    const handle = await fs.promises.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async space(folder: string): Promise<DiskSpace> {
    const { bavail, blocks, bsize } = await fs.promises.statfs(folder);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  }

  readWhole(file: string): Promise<Buffer | undefined> {
    return orIfMissing(fs.promises.readFile(file), undefined);
  }

  async writeWhole(file: string, content: Buffer, mode = 0o600): Promise<void> {
    const aside = `${file}.${process.pid}-${this.#asideNumber++}.new`;
    try {
      await fs.promises.writeFile(aside, content, { mode, flag: 'wx', flush: true });
      await fs.promises.rename(aside, file);
    } catch (error) {
      await orIfMissing(fs.promises.unlink(aside), undefined);
      throw error;
    }
    await this.syncFolder(path.dirname(file));
  }

  lock(folder: string): Promise<DiskLock> {
    return lockFolder(folder);
  }
}

export const createNodeDisk = (): Disk => new NodeDisk();
