/**
 * Reads shards out of the segments. What it returns was checked: the header is this shard's, and
 * every block that a range touches has the CRC it was written with.
 *
 * A small read runs on the caller's own thread while the page cache answers (bench/micro/append.ts:
 * 4 KiB in 3 µs against 45 through the thread pool, 64 KiB in 16 against 74). Slow ones missed the
 * cache: they may hold the thread up for a small share of the time, then the thread pool has to do
 * it.
 */
import { crc32 } from 'node:zlib';
import { DftfsError } from '#base/errors.ts';
import { checkBlockBytes } from '#base/limits.ts';
import type { DiskFile } from '#io/disk.ts';
import type { Clock } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';
import type { ShardBytes } from '#protocol/shards.ts';
import { followedByBlock } from './block-crcs.ts';
import type { Quarantine } from './quarantine.ts';
import type { SegmentFiles } from './segment-files.ts';
import { SegmentRemoved } from './segment-files.ts';
import type { ShardPlace } from './shard-index.ts';
import { parseShardKey, showShardKey } from './shard-key.ts';
import type { RecordHeader } from './shard-record.ts';
import { blockEnd, decodeHeader, headerBytes } from './shard-record.ts';

const readNowBytesMax = checkBlockBytes + 1024;
const slowReadMs = 0.5;
const slowShareMax = 0.05;
const slowBurstMs = 20;
const activeMax = 16;
const waitingMax = 4096;

/** They say nothing about the disk. */
const processErrors: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

interface Range {
  readonly offset: number;
  readonly length: number;
}

function blocksOf({ offset, length }: Range): { readonly first: number; readonly last: number } {
  return {
    first: Math.floor(offset / checkBlockBytes),
    last: Math.floor((offset + length - 1) / checkBlockBytes),
  };
}

/** The CRC of `range` of a body, from the bytes of the blocks it touches and their CRCs. */
function rangeCrc(blocks: Buffer, first: number, crcs: readonly number[], range: Range): number {
  const base = first * checkBlockBytes;
  const end = range.offset + range.length;
  let crc = 0;
  for (let at = range.offset; at < end; ) {
    const block = Math.floor(at / checkBlockBytes);
    const stop = Math.min((block + 1) * checkBlockBytes, end);
    const whole = stop - at === checkBlockBytes;
    if (whole) crc = followedByBlock(crc, crcs[block] as number);
    else crc = crc32(blocks.subarray(at - base, stop - base), crc);
    at = stop;
  }
  return crc;
}

export interface SegmentReaderDeps {
  readonly files: SegmentFiles;
  readonly clock: Clock;
  readonly log: Logger;
  readonly salt: number;
  readonly quarantine: Quarantine;
}

interface Damage {
  readonly what: string;
  /** Undefined: the whole record. */
  readonly block?: number;
  readonly cause?: unknown;
}

export class SegmentReader {
  readonly #deps: SegmentReaderDeps;
  /** Time that slow reads took, forgotten at the rate that is allowed. */
  #slowMs = 0;
  #lastReadAt = 0;
  #active = 0;
  readonly #waiting: (() => void)[] = [];
  #corruptReads = 0;
  #failedReads = 0;

  constructor(deps: SegmentReaderDeps) {
    this.#deps = deps;
  }

  get corruptReads(): number {
    return this.#corruptReads;
  }

  /** Reads that the disk answered with an error; they count as corrupt too. */
  get failedReads(): number {
    return this.#failedReads;
  }

  /** Throws SegmentRemoved if the shard has moved meanwhile. */
  async read(key: string, place: ShardPlace, range: Range): Promise<ShardBytes> {
    const { first, last } = blocksOf(range);
    if (this.#deps.quarantine.hides(key, place, first, last)) {
      throw this.#error(key, { what: 'it is known to be damaged' });
    }
    return await this.#load(key, place, range, true);
  }

  /** Reads all of it, whatever is known about it, and without holding anybody up. */
  async verify(key: string, place: ShardPlace): Promise<ShardBytes> {
    const bytes = await this.#load(key, place, { offset: 0, length: place.length }, false);
    this.#deps.quarantine.release(key);
    return bytes;
  }

  async #load(
    key: string,
    place: ShardPlace,
    range: Range,
    mayHoldUp: boolean,
  ): Promise<ShardBytes> {
    const header = headerBytes(place.length);
    const { first, last } = blocksOf(range);
    const base = first * checkBlockBytes;
    const end = blockEnd(last, place.length);
    const bytesAt = (skip: number, length: number) =>
      this.#fetch(key, place, { offset: skip, length }, mayHoldUp);
    let head: Buffer;
    let blocks: Buffer;
    if (first === 0) {
      const bytes = await bytesAt(0, header + end);
      head = bytes.subarray(0, header);
      blocks = bytes.subarray(header);
    } else {
      head = await bytesAt(0, header);
      blocks = await bytesAt(header + base, end - base);
    }
    const { blocks: crcs, crc } = this.#header(key, place, head);
    for (let block = first; block <= last; block++) {
      const start = block * checkBlockBytes - base;
      const found = crc32(blocks.subarray(start, blockEnd(block, place.length) - base));
      if (found !== crcs[block]) {
        throw this.#corrupt(key, place, { what: `block ${block} is damaged`, block });
      }
    }
    const body = [blocks.subarray(range.offset - base, range.offset - base + range.length)];
    const isAll = range.length === place.length;
    return { body, crc: isAll ? crc : rangeCrc(blocks, first, crcs, range) };
  }

  #header(key: string, place: ShardPlace, bytes: Buffer): RecordHeader {
    const header = decodeHeader(bytes, place, this.#deps.salt);
    if (header === undefined) throw this.#corrupt(key, place, { what: 'its header is damaged' });
    const { kind, length } = header;
    if (kind !== 'shard' || header.key !== key || length !== place.length) {
      throw this.#corrupt(key, place, { what: 'the index points to another record' });
    }
    return header;
  }

  #corrupt(key: string, place: ShardPlace, damage: Damage): DftfsError {
    const { log, quarantine } = this.#deps;
    const { what, block, cause } = damage;
    this.#corruptReads++;
    quarantine.note(key, place, block);
    log.error('shard is corrupt', {
      shard: showShardKey(parseShardKey(key)),
      ...place,
      what,
      cause,
    });
    return this.#error(key, damage);
  }

  #error(key: string, { what, cause }: Damage): DftfsError {
    const shard = showShardKey(parseShardKey(key));
    return new DftfsError('shard_corrupt', `Shard ${shard} can't be read: ${what}.`, { cause });
  }

  async #fetch(
    key: string,
    place: ShardPlace,
    { offset, length }: Range,
    mayHoldUp: boolean,
  ): Promise<Buffer> {
    const into = Buffer.allocUnsafe(length);
    const position = place.offset + offset;
    let count: number;
    try {
      count =
        (mayHoldUp ? this.#readNow(place.segment, into, position) : undefined) ??
        (await this.#read(place, into, position));
    } catch (cause) {
      if (cause instanceof DftfsError || cause instanceof SegmentRemoved) throw cause;
      if (processErrors.has((cause as NodeJS.ErrnoException).code)) {
        throw new DftfsError('overloaded', 'This node has no means left to read.', { cause });
      }
      this.#failedReads++;
      throw this.#corrupt(key, place, { what: 'the disk does not give it', cause });
    }
    if (count < length) throw this.#corrupt(key, place, { what: 'its segment is cut off' });
    return into;
  }

  #readNow(segment: number, into: Buffer, position: number): number | undefined {
    if (into.length > readNowBytesMax) return undefined;
    const file = this.#deps.files.opened(segment);
    if (file === undefined) return undefined;
    const before = this.#deps.clock.now();
    this.#slowMs = Math.max(0, this.#slowMs - (before - this.#lastReadAt) * slowShareMax);
    this.#lastReadAt = before;
    if (this.#slowMs > slowBurstMs) return undefined;
    const count = file.readNow(into, position);
    const tookMs = this.#deps.clock.now() - before;
    if (tookMs > slowReadMs) this.#slowMs += tookMs;
    return count;
  }

  async #read({ segment }: ShardPlace, into: Buffer, position: number): Promise<number> {
    await this.#enter();
    try {
      return await this.#deps.files.use(segment, (file: DiskFile) => file.read(into, position));
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#active < activeMax) {
      this.#active++;
      return;
    }
    if (this.#waiting.length >= waitingMax) {
      throw new DftfsError('overloaded', 'Too many reads wait for the disk of this node.');
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Hands the place on to who waits, or frees it. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#active--;
    else next();
  }
}
