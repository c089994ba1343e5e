/**
 * Walks the records of a segment from front to back. Where there is none to be had it looks for the
 * next sound header and tells what it had to skip.
 */
import { crc32 } from 'node:zlib';
import { checkBlockBytes } from '#base/limits.ts';
import type { DiskFile } from '#io/disk.ts';
import type { RecordHeader } from './shard-record.ts';
import {
  blockEnd,
  decodeHeader,
  headerBytes,
  headerBytesMax,
  magic,
  recordBytes,
} from './shard-record.ts';

const windowBytes = 128 * 1024;

export interface FoundRecord {
  readonly header: RecordHeader;
  readonly offset: number;
  readonly end: number;
  /** The first damaged block of the body. Always undefined unless bodies are looked at. */
  readonly damagedBlock: number | undefined;
}

export interface SkippedBytes {
  readonly header: undefined;
  readonly offset: number;
  readonly end: number;
}

export interface ScanOptions {
  readonly segment: number;
  readonly salt: number;
  readonly from: number;
  readonly to: number;
  /** Whether to read the bodies too. */
  readonly bodies: boolean;
}

/** Reads ahead, so that small records next to each other cost one read. */
class ReadAhead {
  readonly #file: DiskFile;
  readonly #end: number;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(file: DiskFile, end: number) {
    this.#file = file;
    this.#end = end;
  }

  /** Up to `length` bytes; fewer only at the end. */
  async at(position: number, length: number): Promise<Buffer> {
    const wanted = Math.min(length, this.#end - position);
    const from = position - this.#start;
    if (from < 0 || from + wanted > this.#bytes.length) {
      const into = Buffer.allocUnsafe(
        Math.min(Math.max(wanted, windowBytes), this.#end - position),
      );
      const count = await this.#file.read(into, position);
      this.#bytes = into.subarray(0, count);
      this.#start = position;
    }
    const begin = position - this.#start;
    return this.#bytes.subarray(begin, begin + wanted);
  }
}

async function damagedBlock(bytes: ReadAhead, header: RecordHeader): Promise<number | undefined> {
  const body = header.offset + headerBytes(header.length);
  for (const [block, crc] of header.blocks.entries()) {
    const start = block * checkBlockBytes;
    const length = blockEnd(block, header.length) - start;
    if (crc32(await bytes.at(body + start, length)) !== crc) return block;
  }
  return undefined;
}

async function headerAt(
  bytes: ReadAhead,
  offset: number,
  { segment, salt, to }: ScanOptions,
): Promise<RecordHeader | undefined> {
  const header = decodeHeader(await bytes.at(offset, headerBytesMax), { segment, offset }, salt);
  return header !== undefined && offset + recordBytes(header.length) <= to ? header : undefined;
}

/** Where the next sound header at or after `from` is, or the end. */
async function nextHeader(bytes: ReadAhead, from: number, options: ScanOptions): Promise<number> {
  for (let at = from; at < options.to; ) {
    const window = await bytes.at(at, windowBytes);
    const found = window.indexOf(magic);
    if (found >= 0) {
      at += found;
      if ((await headerAt(bytes, at, options)) !== undefined) return at;
      at++;
    } else {
      at += Math.max(1, window.length - (magic.length - 1));
    }
  }
  return options.to;
}

export async function* scanSegment(
  file: DiskFile,
  options: ScanOptions,
): AsyncGenerator<FoundRecord | SkippedBytes> {
  const bytes = new ReadAhead(file, options.to);
  for (let at = options.from; at < options.to; ) {
    const header = await headerAt(bytes, at, options);
    if (header === undefined) {
      const end = await nextHeader(bytes, at + 1, options);
      yield { header, offset: at, end };
      at = end;
    } else {
      const end = at + recordBytes(header.length);
      const damaged = options.bodies ? await damagedBlock(bytes, header) : undefined;
      yield { header, offset: at, end, damagedBlock: damaged };
      at = end;
    }
  }
}
