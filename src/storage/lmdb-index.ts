/**
 * The index in LMDB: reads come straight out of the page cache in about 2 µs, commits run on a
 * thread.
 *
 * `overlappingSync: false` is LMDB's own protocol: pages, fsync, then the meta page that makes them
 * the database, written through. A power cut leaves the last commit or the one before, never a
 * broken tree. The library's default (`overlappingSync`) flushes after the commit and after an
 * unclean end trusts the boot id to tell what was flushed; `noSync` may leave a broken tree and no
 * sign of it. Both are quicker a commit; here commits are few, large and waited for by nobody.
 *
 * What LMDB has no defence against is damage: its pages bear no checksums, and a broken one may
 * crash the process. Hence the look at the meta pages before it may map the file; `open-index.ts`
 * does the rest.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { RootDatabase } from 'lmdb';
import { open } from 'lmdb';
import type {
  IndexBatch,
  IndexEntry,
  LogPosition,
  SegmentTally,
  ShardIndex,
  ShardIndexFactory,
  ShardPlace,
} from './shard-index.ts';
import { shardKeyBytes } from './shard-key.ts';

const formatVersion = 2;
const pageBytes = 4096;
const dataFile = 'data.mdb';
const positionKey = Buffer.from([0]);

const shardKey = (key: string) => Buffer.from(key, 'hex');

function tallyKey(segment: number): Buffer {
  const key = Buffer.alloc(5);
  key.writeUInt32BE(segment, 1);
  return key;
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.allocUnsafe(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt32LE(value, 4 * index);
  });
  return bytes;
}

const word = (bytes: Buffer, index: number): number => bytes.readUInt32LE(4 * index);

/** LMDB checks nothing: each entry bears a CRC over key and value. */
function encodePlace(key: Buffer, { segment, offset, length }: ShardPlace, salt: number): Buffer {
  const bytes = words(segment, offset, length, 0);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 12), crc32(key, salt)), 12);
  return bytes;
}

function decodePlace(key: Buffer, bytes: Buffer, salt: number): ShardPlace {
  const sound =
    bytes.length === 16 && crc32(bytes.subarray(0, 12), crc32(key, salt)) === word(bytes, 3);
  if (!sound) throw new Error('an entry of the index is damaged');
  return { segment: word(bytes, 0), offset: word(bytes, 1), length: word(bytes, 2) };
}

function encodeTally({ liveShards, liveBytes, liveRecordBytes }: SegmentTally): Buffer {
  return words(liveShards, liveBytes, liveRecordBytes);
}
const decodeTally = (bytes: Buffer): SegmentTally => ({
  liveShards: word(bytes, 0),
  liveBytes: word(bytes, 1),
  liveRecordBytes: word(bytes, 2),
});

type Database = RootDatabase<Buffer, Buffer>;

class LmdbIndex implements ShardIndex {
  readonly #database: Database;
  readonly #salt: number;
  #position: LogPosition | undefined;

  constructor(database: Database, salt: number) {
    this.#database = database;
    this.#salt = salt;
    const found = database.getBinary(positionKey);
    if (found === undefined) return;
    if (found.length !== 16 || word(found, 0) !== formatVersion || word(found, 1) !== salt) {
      throw new Error('the index is of another format or disk');
    }
    this.#position = { segment: word(found, 2), offset: word(found, 3) };
  }

  get position(): LogPosition | undefined {
    return this.#position;
  }

  tallies(): Map<number, SegmentTally> {
    const tallies = new Map<number, SegmentTally>();
    const range = { start: tallyKey(0), end: tallyKey(0xffff_ffff) };
    for (const { key, value } of this.#database.getRange(range)) {
      if (key.length === 5) tallies.set(key.readUInt32BE(1), decodeTally(value));
    }
    return tallies;
  }

  get(key: string): ShardPlace | undefined {
    const bytes = shardKey(key);
    const found = this.#database.getBinaryFast(bytes);
    return found === undefined ? undefined : decodePlace(bytes, found, this.#salt);
  }

  list(after: string | undefined, limit: number, prefix: string): IndexEntry[] {
    const entries: IndexEntry[] = [];
    const start = after === undefined || after < prefix ? prefix : after;
    const range = start === '' ? {} : { start: shardKey(start) };
    for (const { key, value } of this.#database.getRange(range)) {
      if (entries.length === limit) break;
      if (key.length !== shardKeyBytes) continue;
      const text = key.toString('hex');
      if (text === after) continue;
      if (!text.startsWith(prefix)) break;
      entries.push({ key: text, place: decodePlace(key, value, this.#salt) });
    }
    return entries;
  }

  async commit({ changes, tallies, position }: IndexBatch): Promise<void> {
    const database = this.#database;
    await database.batch(() => {
      for (const [key, place] of changes) {
        const bytes = shardKey(key);
        if (place === undefined) database.remove(bytes);
        else database.put(bytes, encodePlace(bytes, place, this.#salt));
      }
      for (const [segment, tally] of tallies) database.put(tallyKey(segment), encodeTally(tally));
      const { segment, offset } = position;
      database.put(positionKey, words(formatVersion, this.#salt, segment, offset));
    });
    this.#position = position;
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** Throws if the file can't be an LMDB database of ours: both meta pages whole, no page missing. */
async function checkMetaPages(file: string): Promise<void> {
  const handle = await fs.open(file).catch(() => undefined);
  if (handle === undefined) return;
  try {
    const { size } = await handle.stat();
    if (size === 0) return;
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(2 * pageBytes),
      0,
      2 * pageBytes,
      0,
    );
    if (bytesRead < 2 * pageBytes) throw new Error('the index is cut off');
    for (const meta of [buffer.subarray(0, pageBytes), buffer.subarray(pageBytes)]) {
      const isMeta = meta.readUInt32LE(24) === 0xbeefc0de && meta.readUInt32LE(48) === pageBytes;
      if (!isMeta) throw new Error('the index has no sound meta page');
      const lastPage = meta.readBigUInt64LE(144);
      const root = meta.readBigUInt64LE(136);
      const none = 0xffff_ffff_ffff_ffffn;
      if (root !== none && root > lastPage) throw new Error('the index has no root');
      if ((lastPage + 1n) * BigInt(pageBytes) > BigInt(size))
        throw new Error('the index is cut off');
    }
  } finally {
    await handle.close();
  }
}

export function createLmdbIndexFactory(): ShardIndexFactory {
  return {
    async open(folder, salt) {
      await checkMetaPages(path.join(folder, dataFile));
      const database = open<Buffer, Buffer>({
        path: folder,
        pageSize: pageBytes,
        keyEncoding: 'binary',
        encoding: 'binary',
        overlappingSync: false,
        cache: false,
      });
      try {
        return new LmdbIndex(database, salt);
      } catch (error) {
        await database.close();
        throw error;
      }
    },
    discard: (folder) => fs.rm(folder, { recursive: true, force: true }),
  };
}
