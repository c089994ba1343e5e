/**
 * The form of a record in a segment: header, then body. All numbers little-endian.
 *
 *    0  magic          4      40  offset in the segment   4
 *    4  version        1      44  body length             4
 *    5  kind           1      48  CRC of the body         4
 *    6  shard key     29      52  CRC of each block       4 each
 *   35  zero           1       …  CRC of the header       4
 *   36  segment        4       …  body
 *
 * The header's CRC starts from the disk's own salt, and the header says where it stands. So neither
 * a misdirected write, nor stale sectors of another disk, nor a file's bytes that happen to be
 * somebody's segment can pass for a record.
 */
import { crc32 } from 'node:zlib';
import { checkBlockBytes, frameBodyBytesMax } from '#base/limits.ts';
import { blockCount } from './block-crcs.ts';
import { shardKeyBytes } from './shard-key.ts';

export type RecordKind = 'shard' | 'tombstone';

export interface RecordHeader {
  readonly kind: RecordKind;
  /** The shard key as text. */
  readonly key: string;
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
  readonly crc: number;
  readonly blocks: readonly number[];
}

const version = 2;
const kindNumber: Record<RecordKind, number> = { shard: 1, tombstone: 2 };
const fixedBytes = 52;

export const magic = Buffer.from('DFSr');
export const shardBytesMax = frameBodyBytesMax;
export const headerBytes = (length: number): number => fixedBytes + 4 * blockCount(length) + 4;
export const recordBytes = (length: number): number => headerBytes(length) + length;
/** Enough to hold any header. */
export const headerBytesMax = headerBytes(shardBytesMax);

export function encodeHeader(header: RecordHeader, salt: number): Buffer {
  const bytes = Buffer.alloc(headerBytes(header.length));
  magic.copy(bytes, 0);
  bytes[4] = version;
  bytes[5] = kindNumber[header.kind];
  bytes.write(header.key, 6, shardKeyBytes, 'hex');
  bytes.writeUInt32LE(header.segment, 36);
  bytes.writeUInt32LE(header.offset, 40);
  bytes.writeUInt32LE(header.length, 44);
  bytes.writeUInt32LE(header.crc, 48);
  header.blocks.forEach((crc, index) => {
    bytes.writeUInt32LE(crc, fixedBytes + 4 * index);
  });
  const end = bytes.length - 4;
  bytes.writeUInt32LE(crc32(bytes.subarray(0, end), salt), end);
  return bytes;
}

function kindOf(number: number | undefined): RecordKind | undefined {
  if (number === kindNumber.shard) return 'shard';
  return number === kindNumber.tombstone ? 'tombstone' : undefined;
}

export interface ExpectedAt {
  readonly segment: number;
  readonly offset: number;
}

/** The header at the start of `bytes`, or undefined unless it is whole, sound and in its place. */
export function decodeHeader(
  bytes: Buffer,
  expected: ExpectedAt,
  salt: number,
): RecordHeader | undefined {
  if (bytes.length < fixedBytes || bytes[4] !== version) return undefined;
  if (magic.compare(bytes, 0, magic.length) !== 0) return undefined;
  const kind = kindOf(bytes[5]);
  const length = bytes.readUInt32LE(44);
  const end = headerBytes(length) - 4;
  if (kind === undefined || length > shardBytesMax || bytes.length < end + 4) return undefined;
  if (crc32(bytes.subarray(0, end), salt) !== bytes.readUInt32LE(end)) return undefined;
  const segment = bytes.readUInt32LE(36);
  const offset = bytes.readUInt32LE(40);
  if (segment !== expected.segment || offset !== expected.offset) return undefined;
  const blocks: number[] = [];
  for (let at = fixedBytes; at < end; at += 4) blocks.push(bytes.readUInt32LE(at));
  const key = bytes.toString('hex', 6, 6 + shardKeyBytes);
  return { kind, key, segment, offset, length, crc: bytes.readUInt32LE(48), blocks };
}

/** Where block `block` of the body ends, counted from the body's start. */
export const blockEnd = (block: number, length: number): number =>
  Math.min((block + 1) * checkBlockBytes, length);
