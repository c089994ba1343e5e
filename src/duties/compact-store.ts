/** Gives the space of deleted shards back to this node's disk. */
import type { ShardStore } from '#storage/shard-store.ts';
import type { Duty } from './duty.ts';

export class CompactStore implements Duty {
  readonly name = 'compaction';
  readonly #store: Pick<ShardStore, 'compactStep'>;

  constructor(store: Pick<ShardStore, 'compactStep'>) {
    this.#store = store;
  }

  async step(signal: AbortSignal): Promise<'busy' | 'idle'> {
    return (await this.#store.compactStep(signal)) === 'busy' ? 'busy' : 'idle';
  }
}
