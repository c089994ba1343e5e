/**
 * The shards that were found damaged and not written anew since: for the repair to fetch, and so
 * that nobody waits again for a disk that can't read them. Sound blocks of a damaged shard are
 * still served: they may be the last ones. Only memory knows it; after a restart reads and scrub
 * find it again.
 */
import type { ShardPlace } from './shard-index.ts';
import { isSamePlace } from './shard-index.ts';

const shardsMax = 10_000;

interface Damaged {
  readonly place: ShardPlace;
  /** Undefined: none of it can be read. */
  blocks: Set<number> | undefined;
}

export class Quarantine {
  readonly #shards = new Map<string, Damaged>();
  readonly #find: (key: string) => ShardPlace | undefined;

  /** `find`: where the shard is now. */
  constructor(find: (key: string) => ShardPlace | undefined) {
    this.#find = find;
  }

  /** `block`: undefined if the whole record is lost. */
  note(key: string, place: ShardPlace, block: number | undefined): void {
    if (!isSamePlace(place, this.#find(key))) return;
    let damaged = this.#shards.get(key);
    if (damaged === undefined) {
      if (this.#shards.size >= shardsMax) return;
      damaged = { place, blocks: new Set() };
      this.#shards.set(key, damaged);
    }
    if (block === undefined) damaged.blocks = undefined;
    else damaged.blocks?.add(block);
  }

  has(key: string): boolean {
    return this.#shards.has(key);
  }

  /** Whether one of these blocks is known to be lost. */
  hides(key: string, place: ShardPlace, first: number, last: number): boolean {
    const damaged = this.#shards.get(key);
    if (damaged === undefined || !isSamePlace(place, damaged.place)) return false;
    if (damaged.blocks === undefined) return true;
    for (const block of damaged.blocks) if (block >= first && block <= last) return true;
    return false;
  }

  /** The shard was written anew, or is gone. */
  release(key: string): void {
    this.#shards.delete(key);
  }

  get size(): number {
    return this.#shards.size;
  }

  /** Keys, and the bytes that each body has. */
  list(): { readonly key: string; readonly length: number }[] {
    return [...this.#shards].map(([key, { place }]) => ({ key, length: place.length }));
  }
}
