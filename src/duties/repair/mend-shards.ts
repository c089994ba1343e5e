/**
 * Rebuilds single shards of this node: those that its store knows to be damaged, and those that a
 * comparison found missing. What isn't to be had now is tried again for a while, and after that
 * found again by whoever found it.
 */
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { Clock } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';
import type { HeldShard } from '#protocol/shards.ts';
import { shardKeyText } from '#storage/shard-key.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import type { Duty } from '../duty.ts';
import type { RebuildQueue } from '../scrub/rebuild-queue.ts';
import type { FillResult, SlotFiller } from './slot-filler.ts';

export interface MendShardsDeps {
  readonly map: Pick<ClusterMap, 'volume'>;
  readonly filler: SlotFiller;
  readonly store: Pick<ShardStore, 'damaged'>;
  readonly queue: RebuildQueue;
  readonly clock: Clock;
  readonly log: Logger;
}

const shardsAtOnce = 4;
/** A shard that couldn't be mended is tried again after so long, */
const lookAgainMs = 5000;
/** so often, */
const triesMax = 24;
/** and no more of them at a time. */
const laterMax = 1000;

export class MendShards implements Duty {
  readonly name = 'repair: shards';
  readonly #deps: MendShardsDeps;
  /** By key as text. */
  readonly #later = new Map<string, { readonly held: HeldShard; readonly tries: number }>();
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
      for (const { held } of this.#later.values()) queue.add(held);
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
    const { log } = this.#deps;
    const result = await this.#fill(held, signal);
    this.#note(held, result === 'later');
    if (result === 'filled') {
      this.#mended += 1;
      log.info('shard mended', { ...held.key });
    }
    if (result !== 'beyond') return;
    this.#beyond += 1;
    log.error('a shard is lost, and too few others hold its stripe', { ...held.key });
  }

  /** A map that doesn't know the volume, or its members, may be behind. */
  async #fill(held: HeldShard, signal: AbortSignal): Promise<FillResult> {
    const { map, filler } = this.#deps;
    const volume = map.volume(held.key.volume)?.record;
    const slot = volume && filler.slotOf(volume);
    if (volume === undefined || slot === undefined) return 'later';
    return await filler.fill(volume, slot, held, signal);
  }

  #note(held: HeldShard, isLater: boolean): void {
    const text = shardKeyText(held.key);
    const tries = (this.#later.get(text)?.tries ?? 0) + 1;
    const hasRoom = this.#later.has(text) || this.#later.size < laterMax;
    if (isLater && tries < triesMax && hasRoom) this.#later.set(text, { held, tries });
    else this.#later.delete(text);
  }
}
