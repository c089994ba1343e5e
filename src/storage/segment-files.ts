/**
 * The segment files of one store: their names, sizes, and a bounded number of them open for
 * reading.
 */
import path from 'node:path';
import type { Disk, DiskFile } from '#io/disk.ts';

const form = /^segment-(\d{8,10})\.log$/;
const openMax = 256;

export const segmentFileName = (segment: number): string =>
  `segment-${String(segment).padStart(8, '0')}.log`;

interface OpenFile {
  readonly opening: Promise<DiskFile>;
  file: DiskFile | undefined;
  users: number;
  /** Its segment was removed: nobody else comes, the last user closes it. */
  removed: boolean;
}

/** The segment was compacted away between the look-up and the read: look the shard up again. */
export class SegmentRemoved extends Error {}

export class SegmentFiles {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #sizes = new Map<number, number>();
  #bytes = 0;
  /** In the order of their last use. */
  readonly #open = new Map<number, OpenFile>();

  private constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = folder;
  }

  static async find(disk: Disk, folder: string): Promise<SegmentFiles> {
    const files = new SegmentFiles(disk, folder);
    for (const name of await disk.list(folder)) {
      const number = form.exec(name)?.[1];
      if (number === undefined) continue;
      const segment = Number(number);
      files.setSize(segment, 0);
      files.setSize(segment, await files.use(segment, (file) => file.size()));
    }
    return files;
  }

  /** In order. */
  get numbers(): number[] {
    return [...this.#sizes.keys()].sort((a, b) => a - b);
  }

  get bytes(): number {
    return this.#bytes;
  }

  size(segment: number): number | undefined {
    return this.#sizes.get(segment);
  }

  setSize(segment: number, size: number): void {
    this.#bytes += size - (this.#sizes.get(segment) ?? 0);
    this.#sizes.set(segment, size);
  }

  /** For appending: every write is on the disk when it resolves. */
  openTail(segment: number): Promise<DiskFile> {
    return this.#disk.open(this.#path(segment), 'write-sync');
  }

  /** As `openTail`, of a new segment, which is in its folder for good when this resolves. */
  async create(segment: number): Promise<DiskFile> {
    const file = await this.openTail(segment);
    try {
      await this.#disk.syncFolder(this.#folder);
    } catch (error) {
      await file.close();
      throw error;
    }
    this.setSize(segment, 0);
    return file;
  }

  /** For good when it resolves. Who reads it just now reads on. */
  async remove(segment: number): Promise<void> {
    this.setSize(segment, 0);
    this.#sizes.delete(segment);
    const open = this.#open.get(segment);
    this.#open.delete(segment);
    if (open !== undefined) open.removed = true;
    if (open?.users === 0) await open.file?.close();
    await this.#disk.remove(this.#path(segment));
    await this.#disk.syncFolder(this.#folder);
  }

  /** The file if it is open already. To be used at once, not across a wait. */
  opened(segment: number): DiskFile | undefined {
    return this.#open.get(segment)?.file;
  }

  async use<T>(segment: number, work: (file: DiskFile) => Promise<T>): Promise<T> {
    if (!this.#sizes.has(segment)) throw new SegmentRemoved();
    const open = this.#open.get(segment) ?? this.#start(segment);
    this.#open.delete(segment);
    this.#open.set(segment, open);
    open.users++;
    try {
      const file = await open.opening.catch((error) => {
        throw this.#sizes.has(segment) ? error : new SegmentRemoved();
      });
      return await work(file);
    } finally {
      open.users--;
      if (open.removed && open.users === 0) await open.file?.close();
      await this.#closeIdle(openMax);
    }
  }

  async close(): Promise<void> {
    await this.#closeIdle(0);
  }

  #path(segment: number): string {
    return path.join(this.#folder, segmentFileName(segment));
  }

  #start(segment: number): OpenFile {
    const opening = this.#disk.open(this.#path(segment), 'read');
    const open: OpenFile = { opening, file: undefined, users: 0, removed: false };
    opening.then(
      (file) => {
        open.file = file;
      },
      () => this.#open.delete(segment),
    );
    return open;
  }

  async #closeIdle(keep: number): Promise<void> {
    for (const [segment, open] of this.#open) {
      if (this.#open.size <= keep) return;
      if (open.users > 0 || open.file === undefined) continue;
      this.#open.delete(segment);
      await open.file.close();
    }
  }
}
