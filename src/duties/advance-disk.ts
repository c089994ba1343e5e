/**
 * Takes this node's disk a generation on every so often while it is written to, first on the disk,
 * then in the registration. So a copy of the disk that was taken before is known by its lower
 * generation when the node comes back with it, and counts for no more than what is on it.
 */
import type { Clock } from '#io/world.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import type { Duty } from './duty.ts';

export interface AdvanceDiskDeps {
  readonly store: Pick<ShardStore, 'stats' | 'advance'>;
  /** Into the registration. */
  readonly announce: (generation: number) => Promise<void>;
  readonly clock: Clock;
}

export interface AdvanceDiskOptions {
  /** What a copy lacks of the last so many milliseconds goes unnoticed. */
  readonly everyMs: number;
}

export const advanceDiskDefaults: AdvanceDiskOptions = { everyMs: 60_000 };

export class AdvanceDisk implements Duty {
  readonly name = 'disk generation';
  readonly #deps: AdvanceDiskDeps;
  readonly #options: AdvanceDiskOptions;
  #nextAt: number;
  #segmentBytes = 0;
  #unannounced: number | undefined;

  constructor(deps: AdvanceDiskDeps, options: AdvanceDiskOptions = advanceDiskDefaults) {
    this.#deps = deps;
    this.#options = options;
    this.#nextAt = deps.clock.now() + options.everyMs;
  }

  async step(): Promise<'busy' | 'idle'> {
    const { store, announce, clock } = this.#deps;
    if (clock.now() >= this.#nextAt) {
      this.#nextAt = clock.now() + this.#options.everyMs;
      const { segmentBytes, fenced } = await store.stats();
      const isUntouched = segmentBytes === this.#segmentBytes;
      if (!isUntouched && fenced === undefined) this.#unannounced = await store.advance();
      this.#segmentBytes = segmentBytes;
    }
    if (this.#unannounced === undefined) return 'idle';
    await announce(this.#unannounced);
    this.#unannounced = undefined;
    return 'idle';
  }
}
