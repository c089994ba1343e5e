/** Refuses writes while there is still room for what must go on: deletes, the index, compaction. */
import type { Disk, DiskSpace } from '#io/disk.ts';
import type { Clock } from '#io/world.ts';

const MiB = 1024 * 1024;
/** The disk is asked again after this long, or this many bytes. */
const staleMs = 1000;
const staleBytes = 16 * MiB;

export interface FreeSpaceOptions {
  readonly folder: string;
  /** Default: 1 % of the disk, at least 64 MiB. */
  readonly reserveBytes: number | undefined;
}

export class FreeSpace {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #options: FreeSpaceOptions;
  #space: DiskSpace = { freeBytes: 0, totalBytes: 0 };
  #askedAt = Number.NEGATIVE_INFINITY;
  #takenBytes = 0;

  constructor(deps: { readonly disk: Disk; readonly clock: Clock }, options: FreeSpaceOptions) {
    this.#disk = deps.disk;
    this.#clock = deps.clock;
    this.#options = options;
  }

  get #reserveBytes(): number {
    return this.#options.reserveBytes ?? Math.max(64 * MiB, this.#space.totalBytes / 100);
  }

  /** Whether this many more bytes leave the reserve whole. */
  async admits(bytes: number): Promise<boolean> {
    const age = this.#clock.now() - this.#askedAt;
    if (age > staleMs || this.#takenBytes > staleBytes) await this.ask();
    return this.#space.freeBytes - this.#takenBytes - bytes >= this.#reserveBytes;
  }

  take(bytes: number): void {
    this.#takenBytes += bytes;
  }

  /** The disk said that it is full: so it is, until it is asked again. */
  exhaust(): void {
    this.#space = { ...this.#space, freeBytes: 0 };
  }

  async ask(): Promise<DiskSpace> {
    this.#space = await this.#disk.space(this.#options.folder);
    this.#takenBytes = 0;
    this.#askedAt = this.#clock.now();
    return this.#space;
  }

  isFull(): boolean {
    return this.#space.freeBytes - this.#takenBytes < this.#reserveBytes;
  }
}
