/**
 * The index in LMDB: reads come straight out of the page cache in about 2 µs. Commits are few,
 * large and waited for by nobody. Values bear a checksum, and `open-index.ts` does the rest against
 * damage.
 */
import fs from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type LmdbDatabase, openLmdb } from '#io/node/lmdb.ts';
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

const formatVersion = 3;
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

type Words = readonly [number, number, number];

/** LMDB checks nothing: each value bears a CRC over key and value that starts from the salt. */
function encode(key: Buffer, salt: number, values: Words): Buffer {
  const bytes = words(...values, 0);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 12), crc32(key, salt)), 12);
  return bytes;
}

function decode(key: Buffer, salt: number, bytes: Buffer): Words {
  const isSound =
    bytes.length === 16 && crc32(bytes.subarray(0, 12), crc32(key, salt)) === word(bytes, 3);
  if (!isSound) throw new Error('an entry of the index is damaged, or of another disk');
  return [word(bytes, 0), word(bytes, 1), word(bytes, 2)];
}

function decodePlace(key: Buffer, salt: number, bytes: Buffer): ShardPlace {
  const [segment, offset, length] = decode(key, salt, bytes);
  return { segment, offset, length };
}

function decodeTally(key: Buffer, salt: number, bytes: Buffer): SegmentTally {
  const [liveShards, liveBytes, liveRecordBytes] = decode(key, salt, bytes);
  return { liveShards, liveBytes, liveRecordBytes };
}

class LmdbIndex implements ShardIndex {
  readonly #database: LmdbDatabase;
  readonly #salt: number;
  #position: LogPosition | undefined;

  constructor(database: LmdbDatabase, salt: number) {
    this.#database = database;
    this.#salt = salt;
    this.#position = this.#readPosition();
  }

  #readPosition(): LogPosition | undefined {
    const found = this.#database.getBinary(positionKey);
    if (found === undefined) {
      const entries = this.#database.getKeysCount({ limit: 1 });
      if (entries > 0) throw new Error('the index has entries and no position');
      return undefined;
    }
    const isOurs = found.length === 16 && word(found, 0) === formatVersion;
    if (!isOurs) throw new Error('the index is of another format');
    const [, segment, offset] = decode(positionKey, this.#salt, found);
    return { segment, offset };
  }

  get position(): LogPosition | undefined {
    return this.#position;
  }

  tallies(): Map<number, SegmentTally> {
    const tallies = new Map<number, SegmentTally>();
    const range = { start: tallyKey(0), end: tallyKey(0xffff_ffff) };
    for (const { key, value } of this.#database.getRange(range)) {
      if (key.length === 5) {
        tallies.set(key.readUInt32BE(1), decodeTally(key, this.#salt, value));
      }
    }
    return tallies;
  }

  get(key: string): ShardPlace | undefined {
    const bytes = shardKey(key);
    const found = this.#database.getBinaryFast(bytes);
    return found === undefined ? undefined : decodePlace(bytes, this.#salt, found);
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
      entries.push({ key: text, place: decodePlace(key, this.#salt, value) });
    }
    return entries;
  }

  async commit({ changes, tallies, position }: IndexBatch): Promise<void> {
    const { segment, offset } = position;
    await this.#database.batch(() => {
      for (const [key, place] of changes) {
        this.#put(shardKey(key), place && [place.segment, place.offset, place.length]);
      }
      for (const [number, tally] of tallies) {
        const values =
          tally && ([tally.liveShards, tally.liveBytes, tally.liveRecordBytes] as const);
        this.#put(tallyKey(number), values);
      }
      this.#put(positionKey, [formatVersion, segment, offset]);
    });
    this.#position = position;
  }

  #put(key: Buffer, values: Words | undefined): void {
    if (values === undefined) this.#database.remove(key);
    else this.#database.put(key, encode(key, this.#salt, values));
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

export function createLmdbIndexFactory(): ShardIndexFactory {
  return {
    async open(folder, salt) {
      const database = await openLmdb(folder);
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
