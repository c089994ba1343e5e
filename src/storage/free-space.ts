/**
 * Refuses writes while there is still room for what must go on: deletes, the index, compaction, the
 * repair of what is here already. Full is the disk itself, or the share of it that the store may
 * take.
 */
import type { Disk, DiskSpace } from '#io/disk.ts';
import type { Clock } from '#io/world.ts';

const MiB = 1024 * 1024;
/** The disk is asked again after this long, or this many bytes. */
const staleMs = 1000;
const staleBytes = 16 * MiB;
/** With less than this share of the whole left, compaction takes what it can get. */
const tightShare = 1 / 20;

/** 'upkeep' makes room in the end, or mends what was counted already. 'delete' makes room. */
export type Purpose = 'write' | 'upkeep' | 'delete';

export interface FreeSpaceDeps {
  readonly disk: Disk;
  readonly clock: Clock;
  /** Bytes that the store holds. */
  readonly usedBytes: () => number;
}

export interface FreeSpaceOptions {
  readonly folder: string;
  /** Default: 1 % of the disk, at least 64 MiB. */
  readonly reserveBytes: number | undefined;
  /** Default: whatever the disk has. */
  readonly capacityBytes: number | undefined;
}

export class FreeSpace {
  readonly #deps: FreeSpaceDeps;
  readonly #options: FreeSpaceOptions;
  #space: DiskSpace = { freeBytes: 0, totalBytes: 0 };
  #askedAt = Number.NEGATIVE_INFINITY;
  #takenBytes = 0;
  /** The longest write that was refused. */
  #refusedBytes = 1;

  constructor(deps: FreeSpaceDeps, options: FreeSpaceOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Asks the disk again if what it said is old. */
  async refresh(): Promise<void> {
    const age = this.#deps.clock.now() - this.#askedAt;
    if (age > staleMs || this.#takenBytes > staleBytes) await this.ask();
  }

  async ask(): Promise<void> {
    this.#space = await this.#deps.disk.space(this.#options.folder);
    this.#takenBytes = 0;
    this.#askedAt = this.#deps.clock.now();
  }

  /** How many more bytes may be taken for this. */
  room(purpose: Purpose): number {
    if (purpose === 'delete') return Number.POSITIVE_INFINITY;
    const { reserveBytes = Math.max(64 * MiB, this.#space.totalBytes / 100) } = this.#options;
    const freeBytes = this.#space.freeBytes - this.#takenBytes;
    if (purpose === 'upkeep') return freeBytes - reserveBytes / 2;
    return Math.min(freeBytes - reserveBytes, this.#capacityBytes - this.#deps.usedBytes());
  }

  admits(bytes: number, purpose: Purpose): boolean {
    const isAdmitted = bytes <= this.room(purpose);
    if (!isAdmitted && purpose === 'write') {
      this.#refusedBytes = Math.max(this.#refusedBytes, bytes);
    }
    return isAdmitted;
  }

  take(bytes: number): void {
    this.#takenBytes += bytes;
  }

  /** Some was given back: what the disk said before is old. */
  gain(): void {
    this.#askedAt = Number.NEGATIVE_INFINITY;
  }

  /** The disk said that it is full: so it is, until it is asked again. */
  exhaust(): void {
    this.#space = { ...this.#space, freeBytes: 0 };
  }

  isFull(): boolean {
    return this.room('write') < this.#refusedBytes;
  }

  isTight(): boolean {
    return this.isFull() || this.room('write') < this.totalBytes * tightShare;
  }

  get freeBytes(): number {
    const left = this.#capacityBytes - this.#deps.usedBytes();
    return Math.max(0, Math.min(this.#space.freeBytes - this.#takenBytes, left));
  }

  get totalBytes(): number {
    return Math.min(this.#space.totalBytes, this.#capacityBytes);
  }

  get #capacityBytes(): number {
    return this.#options.capacityBytes ?? Number.POSITIVE_INFINITY;
  }
}
