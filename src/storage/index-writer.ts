/**
 * The index as the store sees it: what is committed, overlaid with what isn't yet. Changes gather
 * in memory and are committed in batches together with the position up to which the segments are
 * indexed; after a crash recovery reads the segments on from there.
 */
import { DftfsError } from '#base/errors.ts';
import type { Timer, Timers } from '#io/world.ts';
import type { DiskWatch } from './disk-watch.ts';
import { PendingChanges } from './pending-changes.ts';
import type {
  IndexEntry,
  LogPosition,
  SegmentTally,
  ShardIndex,
  ShardPlace,
} from './shard-index.ts';
import { isSamePlace } from './shard-index.ts';
import { recordBytes } from './shard-record.ts';

export interface IndexWriterDeps {
  readonly index: ShardIndex;
  readonly timers: Timers;
  readonly watch: DiskWatch;
  /** The index failed or is damaged: what it holds isn't known any more. Called once. */
  readonly onFailure: (error: unknown) => void;
}

export interface IndexWriterOptions {
  readonly commitDelayMs: number;
  /** This many changes are committed without waiting; few enough not to hold up the event loop. */
  readonly commitEntries: number;
}

const emptyTally: SegmentTally = { liveShards: 0, liveBytes: 0, liveRecordBytes: 0 };

export class IndexWriter {
  readonly #index: ShardIndex;
  readonly #timers: Timers;
  readonly #watch: DiskWatch;
  readonly #onFailure: (error: unknown) => void;
  readonly #options: IndexWriterOptions;
  readonly #tallies: Map<number, SegmentTally>;
  #changedTallies = new Set<number>();
  #changes = new PendingChanges();
  #committing: PendingChanges | undefined;
  #commit: Promise<void> | undefined;
  #position: LogPosition | undefined;
  #timer: Timer | undefined;
  #dirty = false;
  #failed = false;

  constructor({ index, timers, watch, onFailure }: IndexWriterDeps, options: IndexWriterOptions) {
    this.#index = index;
    this.#timers = timers;
    this.#watch = watch;
    this.#onFailure = onFailure;
    this.#options = options;
    this.#tallies = index.tallies();
    this.#position = index.position;
  }

  get position(): LogPosition | undefined {
    return this.#position;
  }

  /** Changes that only memory holds. */
  get backlog(): number {
    return this.#changes.byKey.size + (this.#committing?.byKey.size ?? 0);
  }

  get tallies(): ReadonlyMap<number, SegmentTally> {
    return this.#tallies;
  }

  find(key: string): ShardPlace | undefined {
    for (const changes of [this.#changes, this.#committing]) {
      if (changes?.byKey.has(key)) return changes.byKey.get(key);
    }
    return this.#ask((index) => index.get(key));
  }

  isAt(key: string, place: ShardPlace): boolean {
    return isSamePlace(place, this.find(key));
  }

  /** Up to `limit` entries with keys that are greater than `after` and begin so, in order. */
  list(after: string | undefined, limit: number, prefix: string): IndexEntry[] {
    const overlay = new Map<string, ShardPlace | undefined>();
    for (const changes of [this.#committing, this.#changes]) {
      for (const key of changes?.keysWithin(prefix) ?? []) {
        if (after === undefined || key > after) overlay.set(key, changes?.byKey.get(key));
      }
    }
    const committed = this.#ask((index) => index.list(after, limit + overlay.size, prefix));
    const entries = committed.filter(({ key }) => !overlay.has(key));
    for (const [key, place] of overlay) if (place !== undefined) entries.push({ key, place });
    return entries.sort((a, b) => (a.key < b.key ? -1 : 1)).slice(0, limit);
  }

  /** The record of this shard is at `place` now, and the segments are indexed up to `position`. */
  put(key: string, place: ShardPlace, position: LogPosition): void {
    const old = this.find(key);
    if (!isSamePlace(place, old)) {
      if (old !== undefined) this.#tally(old, -1);
      this.#tally(place, 1);
      this.#changes.set(key, place);
    }
    this.advance(position);
  }

  remove(key: string, position: LogPosition): void {
    const old = this.find(key);
    if (old !== undefined) {
      this.#tally(old, -1);
      this.#changes.set(key, undefined);
    }
    this.advance(position);
  }

  advance(position: LogPosition): void {
    this.#position = position;
    this.#dirty = true;
    this.#schedule();
  }

  /** The segment is no more, and nothing pointed to it. */
  forget(segment: number): void {
    if (!this.#tallies.delete(segment)) return;
    this.#changedTallies.add(segment);
    this.#dirty = true;
    this.#schedule();
  }

  /**
   * Commits what has changed so far; what changes meanwhile isn't waited for. Doesn't throw: a
   * failure is told through `onFailure`.
   */
  async commit(): Promise<void> {
    await this.#commit;
    if (this.#dirty) this.#startCommit();
    await this.#commit;
  }

  /** Commits everything. Doesn't throw: a failure is told through `onFailure`. */
  async flush(): Promise<void> {
    while (!this.#failed && (this.#dirty || this.#commit !== undefined)) {
      this.#startCommit();
      await this.#commit;
    }
  }

  /** What it says can't be: it counts as failed. */
  distrust(error: Error): void {
    this.#fail(error);
  }

  #schedule(): void {
    if (!this.#dirty || this.#commit !== undefined) return;
    if (this.#changes.byKey.size >= this.#options.commitEntries) this.#startCommit();
    else this.#timer ??= this.#timers.after(this.#options.commitDelayMs, () => this.#startCommit());
  }

  #startCommit(): void {
    if (this.#commit !== undefined || this.#failed || this.#position === undefined) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    const changes = this.#changes;
    const tallies = new Map<number, SegmentTally | undefined>();
    for (const segment of this.#changedTallies) tallies.set(segment, this.#tallies.get(segment));
    this.#committing = changes;
    this.#changes = new PendingChanges();
    this.#changedTallies = new Set();
    this.#dirty = false;
    const batch = { changes: changes.byKey, tallies, position: this.#position };
    this.#commit = this.#watch
      .during('commit', () => this.#index.commit(batch))
      .then(
        () => {
          this.#committing = undefined;
          this.#commit = undefined;
          this.#schedule();
        },
        (error) => {
          this.#commit = undefined;
          this.#fail(error);
        },
      );
  }

  #ask<T>(question: (index: ShardIndex) => T): T {
    try {
      return question(this.#index);
    } catch (error) {
      this.#fail(error);
      throw new DftfsError('store_fenced', 'The index of this node is damaged.', { cause: error });
    }
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#onFailure(error);
  }

  #tally({ segment, length }: ShardPlace, sign: 1 | -1): void {
    const tally = this.#tallies.get(segment) ?? emptyTally;
    this.#tallies.set(segment, {
      liveShards: tally.liveShards + sign,
      liveBytes: tally.liveBytes + sign * length,
      liveRecordBytes: tally.liveRecordBytes + sign * recordBytes(length),
    });
    this.#changedTallies.add(segment);
  }
}
