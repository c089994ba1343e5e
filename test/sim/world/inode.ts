/**
 * A file's bytes as all see them, and what of them a power cut may undo: whatever was written since
 * the last sync is then kept, dropped or torn, sector by sector.
 */
import type { Dice } from './dice.ts';

const sectorBytes = 512;
const none = Buffer.alloc(0);

/** A change that isn't durable, and what stood there before. A truncation writes nothing. */
interface Change {
  readonly position: number;
  readonly written: Buffer;
  readonly before: Buffer;
  readonly sizeBefore: number;
}

/** Bytes that grow as they are written. */
class Image {
  #bytes = none;
  size = 0;

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.size);
  }

  copy(): Image {
    const copy = new Image();
    copy.put(this.bytes, 0);
    return copy;
  }

  put(bytes: Buffer, position: number): void {
    const end = position + bytes.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.#bytes.length, 4096));
      this.bytes.copy(larger);
      this.#bytes = larger;
    }
    if (position > this.size) this.#bytes.fill(0, this.size, position);
    bytes.copy(this.#bytes, position);
    this.size = Math.max(this.size, end);
  }

  apply({ position, written }: Change): void {
    if (written.length === 0) this.size = Math.min(this.size, position);
    else this.put(written, position);
  }

  undo({ position, before, sizeBefore }: Change): void {
    this.put(before, position);
    this.size = sizeBefore;
  }
}

export class Inode {
  #seen = new Image();
  /**
   * What is really on the disk, where that is less than what is seen and not yet synced: a failed
   * flush has dropped something, and the next flush doesn't know.
   */
  #durable: Image | undefined;
  #changes: Change[] = [];

  get size(): number {
    return this.#seen.size;
  }

  get seen(): Buffer {
    return this.#seen.bytes;
  }

  get isDirty(): boolean {
    return this.#changes.length > 0;
  }

  read(into: Buffer, position: number): number {
    return position >= this.size ? 0 : this.seen.copy(into, 0, position);
  }

  write(bytes: Buffer, position: number): void {
    if (bytes.length === 0) return;
    const before = Buffer.from(this.seen.subarray(position, position + bytes.length));
    const written = Buffer.from(bytes);
    this.#changes.push({ position, written, before, sizeBefore: this.size });
    this.#seen.put(bytes, position);
  }

  truncate(size: number): void {
    if (size >= this.size) return;
    const before = Buffer.from(this.seen.subarray(size));
    this.#changes.push({ position: size, written: none, before, sizeBefore: this.size });
    this.#seen.size = size;
  }

  sync(): void {
    for (const change of this.#changes) this.#durable?.apply(change);
    this.#changes = [];
  }

  /** The flush failed: what it should have written is nowhere. */
  dropUnsynced(): void {
    this.#durable ??= this.#withoutChanges();
    this.#changes = [];
  }

  /** Power is cut. */
  tear(dice: Dice): void {
    const changes = this.#changes;
    this.#seen = this.#durable ?? this.#withoutChanges();
    this.#durable = undefined;
    this.#changes = [];
    const kept = dice.fraction();
    for (const change of changes) this.#keepSome(change, dice, kept);
  }

  /** Damages what is on the disk. */
  flip(position: number, bit: number): void {
    const { seen } = this;
    seen[position] = (seen[position] as number) ^ (1 << bit);
  }

  #withoutChanges(): Image {
    const image = this.#seen.copy();
    for (const change of this.#changes.toReversed()) image.undo(change);
    return image;
  }

  #keepSome(change: Change, dice: Dice, kept: number): void {
    const { position, written } = change;
    if (written.length === 0 && dice.chance(kept)) this.#seen.apply(change);
    for (let at = 0; at < written.length; ) {
      const length = sectorBytes - ((position + at) % sectorBytes);
      const piece = written.subarray(at, at + length);
      if (dice.chance(kept)) this.#seen.put(piece, position + at);
      at += length;
    }
  }
}
