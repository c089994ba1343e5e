/**
 * A file's bytes as all see them, and what of them a power cut may undo: whatever was written since
 * the last sync is then kept, dropped or torn, sector by sector.
 */
import type { Dice } from './dice.ts';

const sectorBytes = 512;
const none = Buffer.alloc(0);

/** What stood where a write went. */
interface Undo {
  readonly position: number;
  readonly written: Buffer;
  readonly before: Buffer;
  readonly sizeBefore: number;
  /** A failed flush has dropped it for good, though it is still seen. */
  isDropped: boolean;
}

export class Inode {
  #bytes = none;
  #size = 0;
  #undo: Undo[] = [];

  get size(): number {
    return this.#size;
  }

  get seen(): Buffer {
    return this.#bytes.subarray(0, this.#size);
  }

  get isDirty(): boolean {
    return this.#undo.length > 0;
  }

  read(into: Buffer, position: number): number {
    return position >= this.#size ? 0 : this.seen.copy(into, 0, position);
  }

  write(bytes: Buffer, position: number): void {
    const sizeBefore = this.#size;
    const before = Buffer.from(this.seen.subarray(position, position + bytes.length));
    const written = Buffer.from(bytes);
    this.#undo.push({ position, written, before, sizeBefore, isDropped: false });
    this.#put(bytes, position);
  }

  truncate(size: number): void {
    if (size >= this.#size) return;
    const before = Buffer.from(this.seen.subarray(size));
    const sizeBefore = this.#size;
    this.#undo.push({ position: size, written: none, before, sizeBefore, isDropped: false });
    this.#size = size;
  }

  sync(): void {
    this.#undo = this.#undo.filter(({ isDropped }) => isDropped);
  }

  /** The flush failed: what it should have written is nowhere, and the next flush will not know. */
  dropUnsynced(): void {
    for (const undo of this.#undo) undo.isDropped = true;
  }

  /** Power is cut. */
  tear(dice: Dice): void {
    const undone = this.#undo;
    this.#undo = [];
    for (const { position, before, sizeBefore } of undone.toReversed()) {
      this.#size = sizeBefore;
      this.#put(before, position);
      this.#size = sizeBefore;
    }
    const kept = dice.fraction();
    for (const undo of undone) if (!undo.isDropped) this.#redo(undo, dice, kept);
  }

  /** Damages what is on the disk. */
  flip(position: number, bit: number): void {
    this.#bytes[position] = (this.#bytes[position] as number) ^ (1 << bit);
  }

  #redo({ position, written, before, sizeBefore }: Undo, dice: Dice, kept: number): void {
    if (written.length === 0) {
      if (before.length > 0 && dice.chance(kept)) this.#size = Math.min(sizeBefore, position);
      return;
    }
    for (let at = 0; at < written.length; ) {
      const length = sectorBytes - ((position + at) % sectorBytes);
      const piece = written.subarray(at, at + length);
      if (dice.chance(kept)) this.#put(piece, position + at);
      at += length;
    }
  }

  #put(bytes: Buffer, position: number): void {
    const end = position + bytes.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.#bytes.length, 4096));
      this.seen.copy(larger);
      this.#bytes = larger;
    }
    if (position > this.#size) this.#bytes.fill(0, this.#size, position);
    bytes.copy(this.#bytes, position);
    this.#size = Math.max(this.#size, end);
  }
}
