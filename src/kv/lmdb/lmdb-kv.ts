/**
 * The kv in a folder of this machine, for one process: names without etcd, and without anybody who
 * could take over. What was acknowledged is on the disk. Leases and history are in memory: a new
 * process begins with neither, and what was bound to a lease is gone.
 *
 * Transactions that come together are written together, on LMDB's thread. When writing fails
 * nothing is answered any more, for what the disk has isn't known: open it again.
 */
import { DftfsError } from '#base/errors.ts';
import type { DiskLock } from '#io/disk.ts';
import { type LmdbDatabase, openLmdb } from '#io/node/lmdb.ts';
import type { World } from '#io/world.ts';
import { LocalKv, type LocalKvDeps } from '../local/local-kv.ts';
import { VersionedMap } from '../local/versioned-map.ts';
import { LmdbEntries } from './lmdb-entries.ts';

export interface LmdbKvOptions {
  readonly folder: string;
  /** At least so many revisions can be read and watched from. */
  readonly historyRevisions?: number;
}

const openTimeoutMs = 30_000;

export class LmdbKv extends LocalKv {
  readonly #timers: LocalKvDeps['timers'];
  readonly #database: LmdbDatabase;
  readonly #lock: DiskLock;
  #closing: Promise<void> | undefined;

  /** Rejects with `ELOCKED` if another process has the folder. */
  static async open(
    world: Pick<World, 'clock' | 'timers' | 'disk'>,
    { folder, historyRevisions = 1000 }: LmdbKvOptions,
  ): Promise<LmdbKv> {
    await world.disk.makeFolder(folder);
    const lock = await world.disk.lock(folder);
    let database: LmdbDatabase | undefined;
    try {
      database = await openLmdb(folder);
      const entries = new LmdbEntries(database);
      const revision = entries.revision ?? 1;
      const map = new VersionedMap(entries, { revision, historyRevisions });
      const kv = new LmdbKv(world, map, database, lock);
      await kv.#dropBound(entries.boundKeys());
      return kv;
    } catch (error) {
      await database?.close();
      await lock.release();
      throw error;
    }
  }

  private constructor(
    deps: LocalKvDeps,
    map: VersionedMap,
    database: LmdbDatabase,
    lock: DiskLock,
  ) {
    super(deps, map, 'lmdb');
    this.#timers = deps.timers;
    this.#database = database;
    this.#lock = lock;
  }

  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Of the database's file. */
  get bytes(): number {
    const { lastPageNumber, pageSize } = this.#database.getStats() as Record<string, number>;
    return ((lastPageNumber ?? 0) + 1) * (pageSize ?? 0);
  }

  protected override async write<T>(change: () => T, timeoutMs: number): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = this.#timers.after(timeoutMs, () => {
      late.reject(new DftfsError('outcome_unknown', 'The disk of the names is slow.'));
    });
    try {
      return await Promise.race([this.#commit(change), late.promise]);
    } finally {
      timer.cancel();
    }
  }

  async #close(): Promise<void> {
    await super.close();
    await this.#database.close();
    await this.#lock.release();
  }

  async #commit<T>(change: () => T): Promise<T> {
    const applied = () => ({ result: this.map.write(change), revision: this.map.latestRevision });
    let done: ReturnType<typeof applied>;
    try {
      // A child: what was written when `change` throws is taken back.
      done = await this.#database.childTransaction(applied);
    } catch (error) {
      if (error instanceof DftfsError) throw error;
      this.end(`The names can't be written: ${(error as Error).message}. Start again.`);
      throw new DftfsError('outcome_unknown', 'The names could not be written.', { cause: error });
    }
    // Who hears of it may read at once.
    this.#database.resetReadTxn();
    this.publish(done.revision);
    return done.result;
  }

  async #dropBound(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    await this.write(() => {
      for (const key of keys) this.map.delete(key);
      this.map.commit();
    }, openTimeoutMs);
  }
}
