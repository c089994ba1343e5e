/**
 * Entries in LMDB. Beside them the revision that they are as of, and which of them end with a
 * lease: leases are in memory, so that those don't outlast the process.
 */
import { DftfsError } from '#base/errors.ts';
import type { LmdbDatabase } from '#io/node/lmdb.ts';
import type { KeySpan, KvEntry } from '../kv.ts';
import type { Entries } from '../local/entries.ts';
import { decodeEntry, encodeEntry } from './entry-form.ts';

/** The first byte of a key of the database says what it is. */
const kinds = { revision: 0, entry: 1, bound: 2, next: 3 } as const;

const formatVersion = 1;
const revisionKey = Buffer.from([kinds.revision]);
const nothing = Buffer.alloc(0);

function keyOf(kind: number, key: string): Buffer {
  const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(key));
  bytes[0] = kind;
  bytes.write(key, 1);
  return bytes;
}

export class LmdbEntries implements Entries {
  readonly #database: LmdbDatabase;

  constructor(database: LmdbDatabase) {
    this.#database = database;
  }

  /** Undefined: nothing was ever written. Throws data_damaged. */
  get revision(): number | undefined {
    const bytes = this.#database.get(revisionKey);
    if (bytes === undefined) return undefined;
    const { version, modRevision } = decodeEntry(revisionKey, bytes);
    if (version === formatVersion) return modRevision;
    throw new DftfsError('data_damaged', `The names’ database is of another format: ${version}.`);
  }

  boundKeys(): string[] {
    const range = { start: Buffer.from([kinds.bound]), end: Buffer.from([kinds.next]) };
    return Array.from(this.#database.getKeys(range), (key) => key.toString('utf8', 1));
  }

  get(key: string): KvEntry | undefined {
    const bytes = keyOf(kinds.entry, key);
    const found = this.#database.get(bytes);
    return found === undefined ? undefined : decodeEntry(bytes, found);
  }

  *scan({ start, end = `${start}\0` }: KeySpan): Generator<KvEntry> {
    const span = { start: keyOf(kinds.entry, start), end: keyOf(kinds.entry, end) };
    // LMDB would take it for a span that is read backwards.
    if (Buffer.compare(span.start, span.end) >= 0) return;
    for (const { key, value } of this.#database.getRange(span)) yield decodeEntry(key, value);
  }

  put(entry: KvEntry, isBound: boolean): void {
    const key = keyOf(kinds.entry, entry.key);
    this.#database.put(key, encodeEntry(key, entry));
    const bound = keyOf(kinds.bound, entry.key);
    if (isBound) this.#database.put(bound, nothing);
    else this.#database.remove(bound);
  }

  delete(key: string): void {
    this.#database.remove(keyOf(kinds.entry, key));
    this.#database.remove(keyOf(kinds.bound, key));
  }

  seal(revision: number): void {
    const entry = { key: '', value: nothing, createRevision: 0, modRevision: revision };
    const bytes = encodeEntry(revisionKey, { ...entry, version: formatVersion });
    this.#database.put(revisionKey, bytes);
  }
}
