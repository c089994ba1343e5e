/**
 * Deletes what this node holds and that isn't its own any more: shards of volumes it was put out of
 * while it was away, and of slots that are another's now. Only when the volume is whole without it:
 * every slot filled, every member alive, and each stripe seen with all of them. So the last copy of
 * anything that has a name is never dropped, whatever went wrong elsewhere. A volume without a
 * record says nothing: there the names decide, see `find-orphans.ts`.
 */
import type { BlobId, NodeId, VolumeId } from '#base/ids.ts';
import type { ShardCalls } from '#blob/shard-calls.ts';
import type { ClusterMap, KnownVolume } from '#cluster/cluster-map.ts';
import type { Clock } from '#io/world.ts';
import type { CallOptions, Kv } from '#kv/kv.ts';
import { readBlobFacts } from '#namespace/blob-facts.ts';
import { unlessDamaged } from '#namespace/record-codec.ts';
import type { Logger } from '#observe/log.ts';
import { volumeKey } from '#protocol/keys.ts';
import type { HeldShard, ShardKey } from '#protocol/shards.ts';
import { decodeVolume, slotInKeys, type VolumeRecord } from '#protocol/volumes.ts';
import { slotMax, stripeMax } from '#storage/shard-key.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import type { Duty } from '../duty.ts';
import type { RebuildQueue } from '../scrub/rebuild-queue.ts';
import { slotsOf } from './holders.ts';
import { stripesHeld, stripeText } from './stripes-held.ts';

export interface DropForeignDeps {
  readonly self: NodeId;
  readonly kv: Pick<Kv, 'get' | 'txn'>;
  readonly store: Pick<ShardStore, 'list' | 'delete'>;
  readonly shards: Pick<ShardCalls, 'list'>;
  readonly map: Pick<ClusterMap, 'isLive' | 'volume'>;
  readonly rebuild: Pick<RebuildQueue, 'add'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly isHeld: () => Promise<boolean>;
}

export interface DropForeignOptions {
  readonly shardsPerStep: number;
  /** From the end of one walk over the store to the next. */
  readonly roundPauseMs: number;
  readonly callTimeoutMs: number;
}

export const dropForeignDefaults: DropForeignOptions = {
  shardsPerStep: 512,
  roundPauseMs: 60_000,
  callTimeoutMs: 3000,
};

export class DropForeign implements Duty {
  readonly name = 'foreign shards';
  readonly #deps: DropForeignDeps;
  readonly #options: DropForeignOptions;
  #after: ShardKey | undefined;
  #nextRoundMs = 0;
  #dropped = 0;
  /** In this round, and in the last one. */
  #keeping = 0;
  #kept = 0;

  constructor(deps: DropForeignDeps, options: Partial<DropForeignOptions> = {}) {
    this.#deps = deps;
    this.#options = { ...dropForeignDefaults, ...options };
  }

  /** Shards dropped by this process, and those that couldn't be yet when it last looked. */
  progress() {
    return { dropped: this.#dropped, kept: this.#kept };
  }

  /** After an error the next call does the same page again. */
  async step(signal: AbortSignal): Promise<'busy' | 'idle'> {
    const { clock, store, isHeld } = this.#deps;
    if (clock.now() < this.#nextRoundMs || (await isHeld())) return 'idle';
    const [first] = store.list(this.#after, 1);
    if (first === undefined) return this.#endRound();
    const { volume } = first.key;
    const page = store.list(this.#after, this.#options.shardsPerStep, { volume });
    const known = this.#deps.map.volume(volume)?.record;
    const own = known && slotsOf(known, this.#deps.self);
    // All copies are alike, so a member's are its own.
    if (own === undefined || (known?.code.k === 1 && own.size > 0)) {
      this.#after = endOf(volume);
      return 'busy';
    }
    const foreign = page.filter(({ key }) => !own.has(key.slot));
    if (foreign.length > 0) this.#keeping += await this.#drop(volume, foreign, signal);
    this.#after = page.at(-1)?.key;
    return 'busy';
  }

  #endRound(): 'idle' {
    this.#after = undefined;
    this.#kept = this.#keeping;
    this.#keeping = 0;
    this.#nextRoundMs = this.#deps.clock.now() + this.#options.roundPauseMs;
    return 'idle';
  }

  /** How many of them are kept for now. */
  async #drop(
    volume: VolumeId,
    suspects: readonly HeldShard[],
    signal: AbortSignal,
  ): Promise<number> {
    const options = { timeoutMs: this.#options.callTimeoutMs, signal };
    const known = await this.#volumeNow(volume, options);
    if (known === undefined) return suspects.length;
    const foreign = suspects.filter(({ key }) => !this.#isOwn(known.record, key));
    if (!this.#isWhole(known.record)) return foreign.length;
    const dropped = await this.#provenWithout(known.record, foreign, options);
    // What was found out took its time; the volume may have been given to this node again.
    const again = await this.#volumeNow(volume, options);
    const learned = this.#deps.map.volume(volume)?.revision ?? 0;
    const isAsItWas = again?.revision === known.revision && learned <= known.revision;
    if (!isAsItWas) return foreign.length;
    try {
      await this.#deps.store.delete(dropped.map(({ key }) => key));
    } finally {
      await this.#makeUpFor(known, dropped, options);
    }
    this.#dropped += dropped.length;
    return foreign.length - dropped.length;
  }

  #isOwn(record: VolumeRecord, { slot }: ShardKey): boolean {
    return slotsOf(record, this.#deps.self).has(slot);
  }

  #isWhole({ members, rebuilding }: VolumeRecord): boolean {
    const { map } = this.#deps;
    return rebuilding.length === 0 && members.every((member) => map.isLive(member));
  }

  /** Never from the map: it may be behind. Undefined: none that can be understood. */
  async #volumeNow(id: VolumeId, options: CallOptions): Promise<KnownVolume | undefined> {
    const entry = await this.#deps.kv.get(volumeKey(id), options);
    const record = entry && unlessDamaged(() => decodeVolume(entry.value));
    return record && { record, revision: entry.modRevision };
  }

  /** Those whose stripe every member holds a shard of, and those of blobs without a name. */
  async #provenWithout(
    record: VolumeRecord,
    foreign: readonly HeldShard[],
    options: CallOptions,
  ): Promise<readonly HeldShard[]> {
    const { shards, kv, log } = this.#deps;
    const held = await Promise.all(
      record.members.map((node, slot) =>
        stripesHeld(shards, { node, slot: slotInKeys(record.code, slot) }, foreign, options),
      ),
    );
    const isLacking = ({ key }: HeldShard) => !held.every((one) => one.has(stripeText(key)));
    const lacking = foreign.filter(isLacking);
    if (lacking.length === 0) return foreign;
    const blobs = new Set<BlobId>(lacking.map(({ key }) => key.blob));
    const facts = await readBlobFacts(kv, [...blobs], options);
    const kept = new Set(lacking.filter(({ key }) => facts.get(key.blob)?.path !== undefined));
    if (kept.size > 0) {
      const fields = { volume: record.id, shards: kept.size };
      log.error('members lack what a former member holds; it is kept', fields);
    }
    return foreign.filter((one) => !kept.has(one));
  }

  /**
   * If this node was made a holder again meanwhile, and took what was being deleted for being
   * there, it has to get it anew. If that can't be learned, it may have been.
   */
  async #makeUpFor(
    known: KnownVolume,
    dropped: readonly HeldShard[],
    options: CallOptions,
  ): Promise<void> {
    const now = await this.#volumeNow(known.record.id, options).catch(() => 'unknown' as const);
    if (now === undefined || (now !== 'unknown' && now.revision === known.revision)) return;
    for (const held of dropped) {
      const mayBeOwn = now === 'unknown' || this.#isOwn(now.record, held.key);
      if (mayBeOwn) this.#deps.rebuild.add(held);
    }
  }
}

/** Behind all shards of the volume. */
const endOf = (volume: VolumeId): ShardKey => ({
  volume,
  blob: 'f'.repeat(32) as BlobId,
  stripe: stripeMax,
  slot: slotMax,
});
