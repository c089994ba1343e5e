/** An index in memory that outlives its store as a file would: for simulation and tests. */
import type {
  IndexBatch,
  IndexEntry,
  LogPosition,
  SegmentTally,
  ShardIndex,
  ShardIndexFactory,
  ShardPlace,
} from './shard-index.ts';

class MemoryIndex implements ShardIndex {
  position: LogPosition | undefined;
  readonly #places = new Map<string, ShardPlace>();
  readonly #tallies = new Map<number, SegmentTally>();

  tallies(): Map<number, SegmentTally> {
    return new Map(this.#tallies);
  }

  get(key: string): ShardPlace | undefined {
    return this.#places.get(key);
  }

  list(after: string | undefined, limit: number, prefix: string): IndexEntry[] {
    return [...this.#places]
      .filter(([key]) => (after === undefined || key > after) && key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([key, place]) => ({ key, place }));
  }

  async commit({ changes, tallies, position }: IndexBatch): Promise<void> {
    for (const [key, place] of changes) {
      if (place === undefined) this.#places.delete(key);
      else this.#places.set(key, place);
    }
    for (const [segment, tally] of tallies) {
      if (tally === undefined) this.#tallies.delete(segment);
      else this.#tallies.set(segment, tally);
    }
    this.position = position;
  }

  async close(): Promise<void> {}
}

export class MemoryIndexFactory implements ShardIndexFactory {
  readonly #indexes = new Map<string, MemoryIndex>();

  async open(folder: string): Promise<ShardIndex> {
    const index = this.#indexes.get(folder) ?? new MemoryIndex();
    this.#indexes.set(folder, index);
    return index;
  }

  async discard(folder: string): Promise<void> {
    this.#indexes.delete(folder);
  }
}
