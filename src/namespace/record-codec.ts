/** Records as they lie in the kv: JSON, so that an operator can read them, checked on decoding. */
import assert from 'node:assert/strict';
import { DftfsError, isCode } from '#base/errors.ts';
import type { BlobId, NodeId, VolumeId } from '#base/ids.ts';
import { isBlobId, isNodeId, isVolumeId } from '#base/ids.ts';
import { extentsMax } from '#base/limits.ts';
import type { Extent } from '#protocol/volumes.ts';
import type { FileRecord, GarbageRecord } from './records.ts';

/** The largest record: all extents and all metadata fit with room to spare. */
export const recordBytesMax = 16 * 1024;

type PlainExtent = readonly [volume: string, first: number, count: number];

/** Throws too_large if what the client gave makes the record larger than any reader takes in. */
export function encodeFileRecord(record: FileRecord): Buffer {
  assert(record.extents.length <= extentsMax, 'a blob has more extents than a record can hold');
  const bytes = Buffer.from(
    JSON.stringify({ ...record, extents: record.extents.map(plainExtent) }),
  );
  if (bytes.length > recordBytesMax) {
    const detail = 'Content type, metadata and request key together are too long; shorten them.';
    throw new DftfsError('too_large', detail);
  }
  return bytes;
}

export function encodeGarbage(record: GarbageRecord): Buffer {
  const { size, extents, awaited, isMoved } = record;
  const plain = { size, extents: extents.map(plainExtent), awaited };
  return Buffer.from(JSON.stringify({ ...plain, ...(isMoved ? { isMoved } : {}) }));
}

/** Throws data_damaged if the bytes aren't a whole record. `path` is for the error. */
export function decodeFileRecord(bytes: Buffer, path: string): FileRecord {
  const record = parseFileRecord(parseObject(bytes));
  if (record === undefined) {
    const detail = `The record of ${path} cannot be understood; restore the names from a backup.`;
    throw new DftfsError('data_damaged', detail, { path });
  }
  return record;
}

/** Throws data_damaged if the bytes aren't a whole record. */
export function decodeGarbage(bytes: Buffer): GarbageRecord {
  const { size, extents: plainExtents, awaited, isMoved } = parseObject(bytes) ?? {};
  const extents = parseExtents(plainExtents);
  if (extents === undefined || !isCount(size) || !(awaited === undefined || areNodes(awaited))) {
    throw new DftfsError('data_damaged', 'A record of garbage cannot be understood.');
  }
  return {
    ...{ size, extents, ...(awaited === undefined ? {} : { awaited }) },
    ...(isMoved === true ? { isMoved } : {}),
  };
}

/** As `decode` says; undefined if it throws data_damaged. */
export function unlessDamaged<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (isCode(error, 'data_damaged')) return undefined;
    throw error;
  }
}

function parseFileRecord(plain: Record<string, unknown> | undefined): FileRecord | undefined {
  if (plain === undefined) return undefined;
  const { size, contentType, metadata, modifiedMs, blob, content, crc, request } = plain;
  const extents = parseExtents(plain.extents);
  if (!isCount(size) || !isCount(modifiedMs) || !isCount(crc) || crc > 0xffffffff) return undefined;
  if (typeof contentType !== 'string' || typeof request !== 'string') return undefined;
  if (!isBlob(blob) || (content !== undefined && !isBlob(content))) return undefined;
  if (extents === undefined || !isTexts(metadata)) return undefined;
  const origin = content === undefined ? {} : { content };
  return { size, contentType, metadata, modifiedMs, blob, ...origin, crc, extents, request };
}

function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  if (bytes.length > recordBytesMax) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Stripes' numbers ascend; where an upload switched volumes some are left out, even the first. */
function parseExtents(value: unknown): Extent[] | undefined {
  if (!Array.isArray(value) || value.length > extentsMax) return undefined;
  const extents: Extent[] = [];
  let next = 0;
  for (const item of value) {
    if (!Array.isArray(item) || item.length !== 3) return undefined;
    const [volume, first, count] = item as unknown[];
    if (typeof volume !== 'string' || !isVolumeId(volume)) return undefined;
    if (!isCount(first) || first < next || !isCount(count) || count === 0) return undefined;
    extents.push({ volume: volume as VolumeId, first, count });
    next = first + count;
  }
  return extents;
}

const plainExtent = ({ volume, first, count }: Extent): PlainExtent => [volume, first, count];
const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;
const isBlob = (value: unknown): value is BlobId => typeof value === 'string' && isBlobId(value);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const areNodes = (value: unknown): value is NodeId[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string' && isNodeId(item));
const isTexts = (value: unknown): value is Record<string, string> =>
  isObject(value) && Object.values(value).every((text) => typeof text === 'string');
