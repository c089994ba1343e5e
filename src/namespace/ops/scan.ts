/**
 * Reads on through a folder's keys. An engine may walk through a whole span whatever the limit
 * (etcd does: a thousand keys out of a million cost a million), so this asks for spans that hold
 * little more than is wanted: it goes by how close together the last keys lay, and widens step by
 * step where it finds too few. Only a scan that begins at the start of a folder knows nothing, and
 * asks for all of it once.
 */
import type { KvEntry, RangeResult } from '#kv/kv.ts';

export type ReadSpan = (span: {
  readonly start: string;
  readonly end: string;
  readonly limit: number;
}) => Promise<RangeResult>;

/**
 * A span's end is made by raising one character; only ASCII is raised, so that it stays
 * well-formed.
 */
const asciiMax = 0x7e;
/** How far a level is searched before the next above is. */
const strideMax = 4;

export class Scan {
  readonly #read: ReadSpan;
  readonly #prefix: string;
  readonly #end: string;
  #position: string;
  /**
   * The next span's keys differ from the position in this character, counted from 1, or behind it.
   */
  #depth: number;
  /** By how much that character may differ. */
  #stride = 1;
  /** By how many characters the next widening shortens what the keys share. */
  #jump = 1;

  /** Keys with `prefix`, up to `end`, the end of its span. */
  constructor(read: ReadSpan, { start, end }: { readonly start: string; readonly end: string }) {
    this.#read = read;
    this.#prefix = start;
    this.#end = end;
    this.#position = start;
    this.#depth = start.length;
  }

  /** Goes on from here. The position is one of the folder's keys, or close behind one. */
  seek(position: string): void {
    this.#position = position;
    this.#depth = position.length;
    this.#stride = 1;
    this.#jump = 1;
  }

  /**
   * The next keys, at least one if there are any; `more`: there may be further ones. Stays before
   * `limit`.
   */
  async next(
    limit: number,
  ): Promise<{ readonly entries: readonly KvEntry[]; readonly more: boolean }> {
    for (;;) {
      const end = this.#spanEnd();
      const { entries, more } = await this.#read({ start: this.#position, end, limit });
      if (more) {
        this.#narrow(entries);
        return { entries, more };
      }
      if (end === this.#end) return { entries, more };
      this.#position = end;
      if (entries.length > 0) {
        this.#stride *= 2;
        return { entries, more: true };
      }
      this.#widen();
    }
  }

  /** Raises a character of the position that can be raised so much, or one before it. */
  #spanEnd(): string {
    for (; this.#depth > this.#prefix.length; this.#depth--) {
      const raised = this.#position.charCodeAt(this.#depth - 1) + this.#stride;
      if (raised <= asciiMax) {
        return this.#position.slice(0, this.#depth - 1) + String.fromCharCode(raised);
      }
      this.#stride = 1;
    }
    return this.#end;
  }

  /** The next span is to be about as wide as what these keys, all that were wanted, took. */
  #narrow(entries: readonly KvEntry[]): void {
    const first = entries[0]?.key ?? '';
    const last = entries.at(-1)?.key ?? '';
    let shared = 0;
    while (shared < first.length && first[shared] === last[shared]) shared++;
    const width = last.charCodeAt(shared) - first.charCodeAt(shared);
    this.#position = `${last}\0`;
    this.#depth = Math.min(shared + 1, last.length);
    this.#stride = width > 0 ? width : 1;
    this.#jump = 1;
  }

  /**
   * Nothing found. The first span of a level is the rest of a group that has just ended, so the
   * next ones of that level get their chance before the keys are to share less; the folder's own
   * level has no other above.
   */
  #widen(): void {
    const lowest = this.#prefix.length + 1;
    if (this.#depth <= lowest || this.#stride < strideMax) {
      this.#stride *= 2;
      return;
    }
    this.#stride = 1;
    this.#depth = Math.max(lowest, this.#depth - this.#jump);
    this.#jump *= 2;
  }
}
