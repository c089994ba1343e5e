/**
 * Times what the disk is asked for. A disk that doesn't answer fails nothing by itself: without
 * this the store would look healthy for as long as it hangs.
 */
import type { Disk, DiskFile } from '#io/disk.ts';
import type { Clock, Timer, Timers } from '#io/world.ts';

/** How long a slow operation is remembered after its end. */
const rememberedMs = 10_000;

export interface DiskWatchDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  /** An operation has taken `hungMs` and goes on. Called once. */
  readonly onHang: (what: string) => void;
}

export interface DiskWatchOptions {
  readonly hungMs: number;
}

interface Operation {
  readonly what: string;
  readonly startedAt: number;
}

export class DiskWatch {
  readonly #deps: DiskWatchDeps;
  readonly #hungMs: number;
  /** Under way, in the order of their start. */
  readonly #operations = new Set<Operation>();
  #slowest = { ms: 0, endedAt: Number.NEGATIVE_INFINITY };
  #isArmed = false;
  #isHung = false;

  constructor(deps: DiskWatchDeps, options: DiskWatchOptions) {
    this.#deps = deps;
    this.#hungMs = options.hungMs;
  }

  /** What the longest operation took: of those under way, and of those that ended just now. */
  get slowestMs(): number {
    const now = this.#deps.clock.now();
    const [oldest] = this.#operations;
    const { ms, endedAt } = this.#slowest;
    return Math.max(
      oldest === undefined ? 0 : now - oldest.startedAt,
      now - endedAt < rememberedMs ? ms : 0,
    );
  }

  async during<T>(what: string, work: () => Promise<T>): Promise<T> {
    const operation = { what, startedAt: this.#deps.clock.now() };
    this.#operations.add(operation);
    this.#arm(this.#hungMs);
    try {
      return await work();
    } finally {
      this.#operations.delete(operation);
      this.#ended(this.#deps.clock.now() - operation.startedAt);
    }
  }

  /** Resolves when the work is done, or after `ms`. */
  async atMost(ms: number, work: Promise<unknown>): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise((resolve) => {
      timer = this.#deps.timers.after(ms, () => resolve(undefined));
    });
    await Promise.race([work, late]).finally(() => timer?.cancel());
  }

  /** The same disk; its files are watched too. */
  watched(disk: Disk): Disk {
    const during = <T>(what: string, work: () => Promise<T>) => this.during(what, work);
    return {
      open: (path, mode) =>
        during('open', async () => new WatchedFile(await disk.open(path, mode), this)),
      makeFolder: (path) => during('makeFolder', () => disk.makeFolder(path)),
      list: (path) => during('list', () => disk.list(path)),
      remove: (path) => during('remove', () => disk.remove(path)),
      rename: (from, to) => during('rename', () => disk.rename(from, to)),
      syncFolder: (path) => during('syncFolder', () => disk.syncFolder(path)),
      space: (path) => during('space', () => disk.space(path)),
      readWhole: (path) => during('readWhole', () => disk.readWhole(path)),
      writeWhole: (path, content, mode) =>
        during('writeWhole', () => disk.writeWhole(path, content, mode)),
      lock: (folder) => disk.lock(folder),
    };
  }

  #ended(ms: number): void {
    const now = this.#deps.clock.now();
    const isForgotten = now - this.#slowest.endedAt >= rememberedMs;
    if (isForgotten || ms >= this.#slowest.ms) this.#slowest = { ms, endedAt: now };
  }

  /** It isn't disarmed at an operation's end: most are far too short for a timer each. */
  #arm(ms: number): void {
    if (this.#isArmed || this.#isHung) return;
    this.#isArmed = true;
    this.#deps.timers.after(ms, () => {
      this.#isArmed = false;
      this.#look();
    });
  }

  #look(): void {
    const [oldest] = this.#operations;
    if (oldest === undefined) return;
    const ageMs = this.#deps.clock.now() - oldest.startedAt;
    if (ageMs < this.#hungMs) {
      this.#arm(this.#hungMs - ageMs);
    } else {
      this.#isHung = true;
      this.#deps.onHang(oldest.what);
    }
  }
}

class WatchedFile implements DiskFile {
  readonly #file: DiskFile;
  readonly #watch: DiskWatch;

  constructor(file: DiskFile, watch: DiskWatch) {
    this.#file = file;
    this.#watch = watch;
  }

  read(into: Buffer, position: number): Promise<number> {
    return this.#watch.during('read', () => this.#file.read(into, position));
  }
  readNow(into: Buffer, position: number): number {
    return this.#file.readNow(into, position);
  }
  write(parts: readonly Buffer[], position: number): Promise<void> {
    return this.#watch.during('write', () => this.#file.write(parts, position));
  }
  sync(): Promise<void> {
    return this.#watch.during('sync', () => this.#file.sync());
  }
  size(): Promise<number> {
    return this.#watch.during('size', () => this.#file.size());
  }
  truncate(size: number): Promise<void> {
    return this.#watch.during('truncate', () => this.#file.truncate(size));
  }
  close(): Promise<void> {
    return this.#watch.during('close', () => this.#file.close());
  }
}
