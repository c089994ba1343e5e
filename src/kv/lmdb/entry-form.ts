/**
 * How an entry lies in the database: a head of numbers, then the value, under a checksum of all of
 * it and of its key, for LMDB checks nothing.
 */
import { crc32 } from 'node:zlib';
import { DftfsError } from '#base/errors.ts';
import type { KvEntry } from '../kv.ts';

const headBytes = 28;

export function encodeEntry(key: Buffer, entry: KvEntry): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + entry.value.length);
  bytes.writeDoubleLE(entry.createRevision, 4);
  bytes.writeDoubleLE(entry.modRevision, 12);
  bytes.writeDoubleLE(entry.version, 20);
  entry.value.copy(bytes, headBytes);
  bytes.writeUInt32LE(checksum(key, bytes), 0);
  return bytes;
}

/** Throws data_damaged. The entry has bytes of its own. */
export function decodeEntry(key: Buffer, bytes: Buffer): KvEntry {
  if (bytes.length < headBytes || bytes.readUInt32LE(0) !== checksum(key, bytes)) {
    throw new DftfsError('data_damaged', 'An entry of the names’ database is damaged.');
  }
  return {
    key: key.toString('utf8', 1),
    value: Buffer.from(bytes.subarray(headBytes)),
    createRevision: bytes.readDoubleLE(4),
    modRevision: bytes.readDoubleLE(12),
    version: bytes.readDoubleLE(20),
  };
}

const checksum = (key: Buffer, bytes: Buffer): number => crc32(bytes.subarray(4), crc32(key));
