/**
 * Rebuilds single shards of this node: those that its store knows to be damaged, and those that a
 * comparison found missing. What isn't to be had now is found again by whoever found it.
 */
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { Clock } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';
import type { HeldShard } from '#protocol/shards.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import type { Duty } from '../duty.ts';
import type { RebuildQueue } from '../scrub/rebuild-queue.ts';
import type { SlotFiller } from './slot-filler.ts';

export interface MendShardsDeps {
  readonly map: Pick<ClusterMap, 'volume'>;
  readonly filler: SlotFiller;
  readonly store: Pick<ShardStore, 'damaged'>;
  readonly queue: RebuildQueue;
  readonly clock: Clock;
  readonly log: Logger;
}

const shardsAtOnce = 4;
/** A damaged shard that couldn't be mended is tried again after so long. */
const lookAgainMs = 5000;

export class MendShards implements Duty {
  readonly name = 'repair: shards';
  readonly #deps: MendShardsDeps;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #mended = 0;
  #beyond = 0;

  constructor(deps: MendShardsDeps) {
    this.#deps = deps;
  }

  async step(signal: AbortSignal): Promise<'busy' | 'idle'> {
    const { queue, store, clock } = this.#deps;
    if (queue.size === 0 && clock.now() - this.#lookedAtMs >= lookAgainMs) {
      this.#lookedAtMs = clock.now();
      for (const shard of store.damaged()) queue.add(shard);
    }
    const found = queue.take(shardsAtOnce);
    await Promise.all(found.map((held) => this.#mend(held, signal)));
    return found.length > 0 ? 'busy' : 'idle';
  }

  progress() {
    const { size: shardsWaiting } = this.#deps.queue;
    return { shardsWaiting, shardsMended: this.#mended, shardsBeyondRepair: this.#beyond };
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
