/**
 * Rebuilds single shards of this node that were found damaged or missing, one queue after another.
 * What isn't to be had now is found again by whoever found it.
 */
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { Logger } from '#observe/log.ts';
import type { HeldShard } from '#protocol/shards.ts';
import type { Duty } from '../duty.ts';
import type { SlotFiller } from './slot-filler.ts';

export interface MendShardsDeps {
  readonly map: Pick<ClusterMap, 'volume'>;
  readonly filler: SlotFiller;
  /** Takes up to so many of the shards found. */
  readonly take: (limit: number) => readonly HeldShard[];
  readonly log: Logger;
}

const shardsAtOnce = 4;

export class MendShards implements Duty {
  readonly name = 'repair: shards';
  readonly #deps: MendShardsDeps;
  #mended = 0;
  #beyond = 0;

  constructor(deps: MendShardsDeps) {
    this.#deps = deps;
  }

  async step(signal: AbortSignal): Promise<'busy' | 'idle'> {
    const found = this.#deps.take(shardsAtOnce);
    await Promise.all(found.map((held) => this.#mend(held, signal)));
    return found.length > 0 ? 'busy' : 'idle';
  }

  progress() {
    return { shardsMended: this.#mended, shardsBeyondRepair: this.#beyond };
  }

  async #mend(held: HeldShard, signal: AbortSignal): Promise<void> {
    const { map, filler, log } = this.#deps;
    const volume = map.volume(held.key.volume)?.record;
    const slot = volume && filler.slotOf(volume);
    if (volume === undefined || slot === undefined) return;
    const result = await filler.fill(volume, slot, held, signal);
    if (result === 'filled') {
      this.#mended += 1;
      log.info('shard mended', { ...held.key });
    }
    if (result !== 'beyond') return;
    this.#beyond += 1;
    log.error('a shard is lost, and too few others hold its stripe', { ...held.key });
  }
}
