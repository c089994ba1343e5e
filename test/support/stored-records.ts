/**
 * What is really on a node's disk: the records in its segment files, read without the product's
 * store. And means to damage them.
 */
import { open, readdir, readFile, truncate } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { decodeHeader, headerBytes, headerBytesMax, magic } from '#storage/shard-record.ts';
import { saltOf } from '#storage/superblock.ts';

export interface StoredRecord {
  /** The shard's, as text. */
  readonly key: string;
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** All shards whose record is sound, header and body, in the order in which they lie. */
export async function soundRecords(store: string): Promise<StoredRecord[]> {
  const superblock = await readFile(path.join(store, 'store.json'), 'utf8');
  const salt = saltOf(JSON.parse(superblock));
  const records: StoredRecord[] = [];
  for (const name of (await readdir(store)).sort()) {
    const number = /^segment-(\d+)\.log$/.exec(name)?.[1];
    if (number === undefined) continue;
    const file = path.join(store, name);
    // Compaction may have taken it away meanwhile.
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    for (const found of recordsIn(bytes, Number(number), salt)) records.push({ ...found, file });
  }
  return records;
}

function* recordsIn(bytes: Buffer, segment: number, salt: number) {
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) {
    const head = bytes.subarray(at, at + headerBytesMax);
    const header = decodeHeader(head, { segment, offset: at }, salt);
    if (header?.kind !== 'shard') continue;
    const body = at + headerBytes(header.length);
    const end = body + header.length;
    const isSound = end <= bytes.length && crc32(bytes.subarray(body, end)) === header.crc;
    if (isSound) yield { key: header.key, start: at, end };
  }
}

export async function flipBit(file: string, at: number, bit: number): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const byte = Buffer.alloc(1);
    const { bytesRead } = await handle.read(byte, 0, 1, at);
    if (bytesRead !== 1) throw new Error(`${file} has no byte ${at}`);
    byte.writeUInt8(byte.readUInt8() ^ (1 << bit));
    await handle.write(byte, 0, 1, at);
  } finally {
    await handle.close();
  }
}

export const cutOff = (file: string, at: number): Promise<void> => truncate(file, at);
