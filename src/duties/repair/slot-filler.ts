/**
 * Brings shards to the slot that is this node's. The shards of one volume and slot, from the other
 * members by way of the rebuilder, into this node's own store.
 */
import { asDftfsError, isCode } from '#base/errors.ts';
import type { NodeId } from '#base/ids.ts';
import type { ShardRebuilder } from '#blob/shard-rebuilder.ts';
import { TooFewShards } from '#blob/stripe-gather.ts';
import type { Logger } from '#observe/log.ts';
import type { HeldShard } from '#protocol/shards.ts';
import { slotInKeys, type VolumeRecord } from '#protocol/volumes.ts';
import type { ShardStore } from '#storage/shard-store.ts';

export interface SlotFillerDeps {
  readonly self: NodeId;
  readonly rebuilder: ShardRebuilder;
  readonly store: Pick<ShardStore, 'has' | 'write'>;
  readonly log: Logger;
}

/** 'beyond': all other members answered, and too few have it. 'later': some can't be reached. */
export type FillResult = 'filled' | 'later' | 'beyond';

export class SlotFiller {
  readonly #deps: SlotFillerDeps;

  constructor(deps: SlotFillerDeps) {
    this.#deps = deps;
  }

  /** This node's slot of the volume, as member or as one that is to become it. */
  slotOf({ members, incoming }: VolumeRecord): number | undefined {
    const { self } = this.#deps;
    const slot = members.indexOf(self);
    return slot >= 0 ? slot : incoming.find(({ node }) => node === self)?.slot;
  }

  has(volume: VolumeRecord, slot: number, { key }: HeldShard): boolean {
    return this.#deps.store.has({ ...key, slot: slotInKeys(volume.code, slot) });
  }

  /** `held`: any shard of the stripe. Rejects when this node's own store can't take it. */
  async fill(
    volume: VolumeRecord,
    slot: number,
    held: HeldShard,
    signal: AbortSignal,
  ): Promise<FillResult> {
    const { rebuilder, store, log } = this.#deps;
    const key = { ...held.key, slot: slotInKeys(volume.code, slot) };
    try {
      const { body, crc } = await rebuilder.rebuild(volume, slot, { ...held, key }, signal);
      await store.write(key, body, crc);
      return 'filled';
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TooFewShards) return error.damaged ? 'beyond' : 'later';
      // The same shard was written here before with other bytes: it can't be told which is right.
      if (!isCode(error, 'invalid_argument')) throw error;
      log.error('a rebuilt shard differs from the one that is here', {
        ...key,
        error: asDftfsError(error).message,
      });
      return 'beyond';
    }
  }
}
