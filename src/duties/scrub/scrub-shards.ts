/**
 * Reads every shard of this node off its disk, slowly, again and again, so that rot is found while
 * the other members can still make up for it. Goes on where it was after a restart.
 */
import type { Clock } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';
import type { HeldShard, ShardKey } from '#protocol/shards.ts';
import { parseShardKey, shardKeyText } from '#storage/shard-key.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import { Allowance } from '../allowance.ts';
import type { Duty } from '../duty.ts';
import type { RebuildQueue } from './rebuild-queue.ts';
import { decodeScrubState, encodeScrubState, type ScrubState } from './scrub-state.ts';

export interface ScrubShardsDeps {
  readonly store: Pick<ShardStore, 'list'> & {
    verify(key: ShardKey): Promise<'sound' | 'damaged' | 'missing'>;
  };
  readonly rebuild: Pick<RebuildQueue, 'add'>;
  /** A small file of this node's; undefined: there is none yet. */
  readonly load: () => Promise<Buffer | undefined>;
  readonly save: (content: Buffer) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ScrubShardsOptions {
  readonly bytesPerSecondMax: number;
  readonly bytesPerStep: number;
  readonly shardsPerStep: number;
  /** From the end of one round to the next: few shards needn't be read all the time. */
  readonly roundPauseMs: number;
  /** What was done since is done again after a kill. */
  readonly saveEveryMs: number;
}

const MiB = 1024 * 1024;

export const scrubShardsDefaults: ScrubShardsOptions = {
  bytesPerSecondMax: 8 * MiB,
  bytesPerStep: MiB,
  shardsPerStep: 64,
  roundPauseMs: 10 * 60_000,
  saveEveryMs: 30_000,
};

/** What a small shard costs beyond its bytes. */
const overheadBytes = 4096;
const fresh: ScrubState = { after: null, bytes: 0, shards: 0, damaged: 0, lastRound: null };

export class ScrubShards implements Duty {
  readonly name = 'scrub';
  readonly #deps: ScrubShardsDeps;
  readonly #options: ScrubShardsOptions;
  readonly #allowance: Allowance;
  #state: ScrubState | undefined;
  #savedAtMs = 0;
  #nextRoundMs = 0;

  constructor(deps: ScrubShardsDeps, options: Partial<ScrubShardsOptions> = {}) {
    this.#deps = deps;
    this.#options = { ...scrubShardsDefaults, ...options };
    this.#allowance = new Allowance(deps.clock, this.#options.bytesPerSecondMax);
  }

  /** Of this round and the last; times by this node's wall clock, for showing. */
  progress() {
    const { bytes, shards, damaged, lastRound } = this.#state ?? fresh;
    const ended = lastRound && {
      ...lastRound,
      ageMs: Math.max(0, this.#deps.clock.wall() - lastRound.endedAtMs),
    };
    return { bytes, shards, damaged, lastRound: ended };
  }

  async step(signal: AbortSignal): Promise<'busy' | 'idle'> {
    const { clock, store, load } = this.#deps;
    if (this.#state === undefined) {
      this.#state = decodeScrubState(await load()) ?? fresh;
      this.#savedAtMs = clock.now();
    }
    if (clock.now() < this.#nextRoundMs || !this.#allowance.isLeft) return 'idle';
    const { after } = this.#state;
    const { bytesPerStep, shardsPerStep, roundPauseMs } = this.#options;
    const page = store.list(after === null ? undefined : parseShardKey(after), shardsPerStep);
    let bytes = 0;
    for (const held of page) {
      if (bytes >= bytesPerStep || signal.aborted) break;
      await this.#verify(held);
      bytes += held.length + overheadBytes;
    }
    this.#allowance.spend(bytes);
    if (page.length > 0) {
      if (clock.now() - this.#savedAtMs >= this.#options.saveEveryMs) await this.#save();
      return 'busy';
    }
    const { after: _, lastRound: __, ...done } = this.#state;
    this.#state = { ...fresh, lastRound: { endedAtMs: clock.wall(), ...done } };
    this.#nextRoundMs = clock.now() + roundPauseMs;
    await this.#save();
    return 'idle';
  }

  async #verify(held: HeldShard): Promise<void> {
    const { store, rebuild, log } = this.#deps;
    const result = await store.verify(held.key);
    const state = this.#state ?? fresh;
    const isDamaged = result === 'damaged';
    this.#state = {
      ...state,
      after: shardKeyText(held.key),
      bytes: state.bytes + (result === 'missing' ? 0 : held.length),
      shards: state.shards + (result === 'missing' ? 0 : 1),
      damaged: state.damaged + (isDamaged ? 1 : 0),
    };
    if (!isDamaged) return;
    log.warn('a shard is damaged on the disk; it is rebuilt', { ...held.key });
    rebuild.add(held);
  }

  async #save(): Promise<void> {
    const { clock, save } = this.#deps;
    this.#savedAtMs = clock.now();
    await save(encodeScrubState(this.#state ?? fresh));
  }
}
