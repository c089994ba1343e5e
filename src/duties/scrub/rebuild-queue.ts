/**
 * Shards of this node that are missing or damaged, until somebody rebuilds them. Bounded: what
 * doesn't fit is found again in the next round of whoever found it.
 */
import type { HeldShard } from '#protocol/shards.ts';
import { shardKeyText } from '#storage/shard-key.ts';

export class RebuildQueue {
  readonly #sizeMax: number;
  readonly #waiting = new Map<string, HeldShard>();
  #overflowed = 0;

  constructor(sizeMax = 10_000) {
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Shards that found no room. */
  get overflowed(): number {
    return this.#overflowed;
  }

  add(shard: HeldShard): void {
    const text = shardKeyText(shard.key);
    if (this.#waiting.has(text)) return;
    if (this.#waiting.size < this.#sizeMax) this.#waiting.set(text, shard);
    else this.#overflowed += 1;
  }

  /** Takes up to so many out, those that wait longest. */
  take(limit: number): HeldShard[] {
    const taken = [...this.#waiting.entries().take(limit)];
    for (const [text] of taken) this.#waiting.delete(text);
    return taken.map(([, shard]) => shard);
  }
}
