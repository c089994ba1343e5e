/**
 * How many bytes this node holds of each volume, counted over and over from its index. A pass rests
 * long against what it took, so that counting costs next to nothing however much there is.
 */
import type { VolumeId } from '#base/ids.ts';
import type { Clock } from '#io/world.ts';
import type { ShardKey } from '#protocol/shards.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import type { Duty } from '../duty.ts';

export interface VolumeTallyDeps {
  readonly store: Pick<ShardStore, 'list'>;
  readonly clock: Clock;
}

export interface VolumeTallyOptions {
  /** From pass to pass at least. */
  readonly restMsMin: number;
  /** The same, in multiples of what the last one took. */
  readonly restFactor: number;
  readonly pageMax: number;
}

export const volumeTallyDefaults: VolumeTallyOptions = {
  restMsMin: 5000,
  restFactor: 50,
  pageMax: 1000,
};

export class VolumeTally implements Duty {
  readonly name = 'volume tally';
  readonly #deps: VolumeTallyDeps;
  readonly #options: VolumeTallyOptions;
  #counted: ReadonlyMap<VolumeId, number> = new Map();
  #counting = new Map<VolumeId, number>();
  #after: ShardKey | undefined;
  #workedMs = 0;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(deps: VolumeTallyDeps, options: VolumeTallyOptions = volumeTallyDefaults) {
    this.#deps = deps;
    this.#options = options;
  }

  /** As of the last pass. */
  get bytes(): ReadonlyMap<VolumeId, number> {
    return this.#counted;
  }

  async step(): Promise<'busy' | 'idle'> {
    const { store, clock } = this.#deps;
    const { pageMax, restMsMin, restFactor } = this.#options;
    const began = clock.now();
    if (began < this.#nextAt) return 'idle';
    const page = store.list(this.#after, pageMax);
    for (const { key, length } of page) {
      this.#counting.set(key.volume, (this.#counting.get(key.volume) ?? 0) + length);
    }
    this.#after = page.at(-1)?.key;
    const now = clock.now();
    this.#workedMs += now - began;
    if (page.length === pageMax) return 'busy';
    this.#nextAt = now + Math.max(restMsMin, restFactor * this.#workedMs);
    this.#counted = this.#counting;
    this.#counting = new Map();
    this.#after = undefined;
    this.#workedMs = 0;
    return 'idle';
  }
}
