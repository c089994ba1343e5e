/**
 * A shard store that opens itself anew when its index turns out to be damaged: the index is then
 * made from the segments, and the node is well again without anybody's help. Meanwhile it answers
 * as a fenced store does. A disk that spoils one index after the other stays fenced in the end.
 */
import { DftfsError } from '#base/errors.ts';
import type { HeldShard, ShardBytes, ShardKey } from '#protocol/shards.ts';
import type { Body } from '#rpc/rpc.ts';
import type { CompactionStep } from './compaction.ts';
import type { ShardStoreDeps, ShardStoreOptions } from './open-shard-store.ts';
import { openShardStore } from './open-shard-store.ts';
import type { ListWithin, ShardState, ShardStore, ShardStoreStats } from './shard-store.ts';

const healingsMax = 3;

export class HealingShardStore implements ShardStore {
  readonly isNew: boolean;
  readonly #deps: ShardStoreDeps;
  readonly #options: ShardStoreOptions;
  #store: ShardStore;
  #healings = 0;
  #healing: Promise<void> | undefined;
  #isClosed = false;

  static async open(deps: ShardStoreDeps, options: ShardStoreOptions): Promise<ShardStore> {
    let healing: HealingShardStore | undefined;
    let failed = false;
    const open = () =>
      openShardStore(deps, options, () => {
        failed = true;
        healing?.heal();
      });
    const store = await open().catch((error) => {
      if (failed) return open();
      throw error;
    });
    healing = new HealingShardStore(deps, options, store);
    return healing;
  }

  private constructor(deps: ShardStoreDeps, options: ShardStoreOptions, store: ShardStore) {
    this.#deps = deps;
    this.#options = options;
    this.#store = store;
    this.isNew = store.isNew;
  }

  get generation(): number {
    return this.#store.generation;
  }

  async advance(): Promise<number> {
    return await this.#open().advance();
  }

  private heal(): void {
    if (this.#isClosed || this.#healing !== undefined || this.#healings >= healingsMax) return;
    this.#healings++;
    this.#healing = this.#reopen().finally(() => {
      this.#healing = undefined;
    });
  }

  async #reopen(): Promise<void> {
    const { log } = this.#deps;
    try {
      await this.#store.close();
      const options = { ...this.#options, mustExist: true };
      this.#store = await openShardStore(this.#deps, options, () => this.heal());
      log.warn('shard store is open again, its index is new');
    } catch (error) {
      log.error('shard store stays fenced', { error });
    }
  }

  #open(): ShardStore {
    if (this.#healing === undefined) return this.#store;
    throw new DftfsError('store_fenced', 'The index of this node is being made anew.');
  }

  get diskId(): string {
    return this.#store.diskId;
  }

  async read(key: ShardKey, offset: number, length: number): Promise<ShardBytes> {
    return await this.#open().read(key, offset, length);
  }

  async write(key: ShardKey, body: Body, crc: number): Promise<void> {
    await this.#open().write(key, body, crc);
  }

  async delete(keys: readonly ShardKey[]): Promise<void> {
    await this.#open().delete(keys);
  }

  async verify(key: ShardKey): Promise<ShardState> {
    return await this.#open().verify(key);
  }

  has(key: ShardKey): boolean {
    return this.#open().has(key);
  }

  list(after: ShardKey | undefined, limit: number, within?: ListWithin): HeldShard[] {
    return this.#open().list(after, limit, within);
  }

  damaged(): HeldShard[] {
    return this.#store.damaged();
  }

  async compactStep(signal: AbortSignal): Promise<CompactionStep> {
    return this.#healing === undefined ? await this.#store.compactStep(signal) : 'idle';
  }

  stats(): Promise<ShardStoreStats> {
    return this.#store.stats();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#healing;
    await this.#store.close();
  }
}
