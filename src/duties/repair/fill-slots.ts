/**
 * Fills the slots that are this node's and that it doesn't hold yet, least margin first. It reads
 * the volume's record, then lists every readable member and fetches what is missing; when nothing
 * is, a compare-and-swap on that same revision of the record says that the slot is whole. What had
 * a name before the record was read is with those members, and what gets one later is with this
 * node too, or its commit would fail: it compares the record. What is listed and has no name is
 * brought along; garbage collection finds it.
 *
 * A shard that can't be rebuilt though all who hold it have answered doesn't keep the slot from
 * being called whole for good, or the rest would never be safe again. But first it is tried over
 * and over for a while: a disk that fails to read now may not in a minute.
 *
 * Where too few members that hold everything live for a stripe to be read from them, they can't
 * prove what there is. Then the names do, and the bytes come from former members, if any of those
 * has them. A slot that lacks any of it isn't called whole then: the volume would count as safe
 * though what it lacks is nowhere, until that has no name any more. What has none yet isn't brought
 * along: its upload asks all members anew, for their record has changed.
 */
import type { NodeId, VolumeId } from '#base/ids.ts';
import type { ShardCalls } from '#blob/shard-calls.ts';
import { swapVolume } from '#blob/swap-volume.ts';
import type { ClusterMap, KnownVolume } from '#cluster/cluster-map.ts';
import type { Clock } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import { volumeKey } from '#protocol/keys.ts';
import type { HeldShard } from '#protocol/shards.ts';
import { decodeVolume, marginOf, readableMembers } from '#protocol/volumes.ts';
import type { Duty } from '../duty.ts';
import { VolumeRests } from '../volume-rests.ts';
import { clearRebuilding, replaceMember } from './change-volume.ts';
import type { SlotFiller } from './slot-filler.ts';
import { listNamed, listVolume } from './volume-listing.ts';

export interface FillSlotsDeps {
  readonly self: NodeId;
  readonly kv: Pick<Kv, 'get' | 'range' | 'txn'>;
  readonly map: ClusterMap;
  readonly shards: Pick<ShardCalls, 'list'>;
  readonly filler: SlotFiller;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
  /** A slot has become whole by what its members list: the names may tell otherwise. */
  readonly onWhole: () => void;
}

const callTimeoutMs = 2000;
const fillsAtOnce = 4;
const unitBytesMax = 1024 * 1024;
export const beyondPatienceMs = 60_000;
/** From one walk through all names for a volume to the next. */
export const namesPauseMs = 60_000;

/** A slot of this node's, and the record that says so. */
interface Work extends KnownVolume {
  readonly slot: number;
  /** 'names': no members prove what there is. */
  readonly sources: readonly NodeId[] | 'names';
}

export class FillSlots implements Duty {
  readonly name = 'repair: slots';
  readonly #deps: FillSlotsDeps;
  /** The volume under way, unit by unit. */
  #filling: AsyncGenerator<void, void, undefined> | undefined;
  #volume: VolumeId | undefined;
  /** Couldn't be gone on with in this round: the others go first. */
  readonly #setAside = new Set<VolumeId>();
  /** Since when shards of the volume have seemed to be beyond repair. */
  readonly #beyondSince = new Map<VolumeId, number>();
  /** Walked through the names for, in vain. */
  readonly #namesRests: VolumeRests;
  /** Shards that have a name and are nowhere, by the last such walk. */
  readonly #lost = new Map<VolumeId, number>();
  #bytesDone = 0;
  #volumesDone = 0;
  #beyond = 0;

  constructor(deps: FillSlotsDeps) {
    this.#deps = deps;
    this.#namesRests = new VolumeRests(deps.clock, namesPauseMs);
  }

  async step(signal: AbortSignal): Promise<'busy' | 'idle'> {
    if (this.#filling === undefined) {
      this.#volume = this.#waiting().find(
        ({ record }) => !this.#setAside.has(record.id),
      )?.record.id;
      if (this.#volume === undefined) {
        if (this.#setAside.size === 0) this.#beyondSince.clear();
        this.#setAside.clear();
        return 'idle';
      }
      this.#filling = this.#fill(this.#volume, signal);
    }
    try {
      const { done } = await this.#filling.next();
      if (done) this.#filling = undefined;
    } catch (error) {
      this.#filling = undefined;
      if (this.#volume !== undefined) this.#setAside.add(this.#volume);
      throw error;
    }
    return 'busy';
  }

  get isPatient(): boolean {
    const { map } = this.#deps;
    const known = this.#volume && map.volume(this.#volume);
    return known !== undefined && marginOf(known.record, (id) => map.isLive(id)) > 0;
  }

  progress() {
    const lost = [...this.#lost.values()].reduce((sum, count) => sum + count, 0);
    return {
      ...(this.#filling === undefined ? {} : { volume: this.#volume }),
      volumesWaiting: this.#waiting().length,
      volumesDone: this.#volumesDone,
      bytesDone: this.#bytesDone,
      shardsBeyondRepair: this.#beyond + lost,
    };
  }

  /** Least margin first. */
  #waiting(): KnownVolume[] {
    const { map, self } = this.#deps;
    const margin = ({ record }: KnownVolume) => marginOf(record, (id) => map.isLive(id));
    return map
      .volumes()
      .filter(({ record: { members, rebuilding, incoming } }) => {
        const isOwn = rebuilding.some((slot) => members[slot] === self);
        return isOwn || incoming.some(({ node }) => node === self);
      })
      .sort((a, b) => margin(a) - margin(b));
  }

  async *#fill(id: VolumeId, signal: AbortSignal): AsyncGenerator<void, void, undefined> {
    const work = await this.#take(id, signal);
    if (work === undefined) return void this.#setAside.add(id);
    this.#lost.delete(id);
    let isWhole = true;
    for (const pages of this.#listings(work, signal)) {
      for await (const page of pages) {
        const missing = this.#missing(work, page);
        while (missing.length > 0) {
          if (!(await this.#fetchSome(work, missing, signal))) isWhole = false;
          yield;
        }
        yield;
      }
    }
    if (!isWhole) return this.#leave(work);
    await this.#settle(work, signal);
    this.#beyondSince.delete(id);
  }

  /** Not whole yet: the others go first. */
  #leave({ record: { id }, sources }: Work): void {
    this.#setAside.add(id);
    if (sources !== 'names') return;
    this.#namesRests.begin(id);
    const shards = this.#lost.get(id);
    if (shards === undefined) return;
    this.#deps.log.error('files have shards that no live node holds', { volume: id, shards });
  }

  #listings(work: Work, signal: AbortSignal) {
    const { kv, shards } = this.#deps;
    const { record, slot, sources } = work;
    if (sources === 'names') return [listNamed(kv, work, slot, signal)];
    return sources.map((source) => listVolume(shards, source, record.id, signal));
  }

  /** As the names have it now; undefined: nothing to fill, or nothing to fill it from. */
  async #take(id: VolumeId, signal: AbortSignal): Promise<Work | undefined> {
    const { kv, map, filler, self } = this.#deps;
    const entry = await kv.get(volumeKey(id), { timeoutMs: callTimeoutMs, signal });
    if (entry === undefined) return undefined;
    const record = decodeVolume(entry.value);
    map.learnVolume({ record, revision: entry.modRevision });
    const slot = filler.slotOf(record);
    if (slot === undefined) return undefined;
    if (record.members[slot] === self && !record.rebuilding.includes(slot)) return undefined;
    const work = { record, revision: entry.modRevision, slot };
    const readable = readableMembers(record, (node) => map.isLive(node));
    const sources = readable.filter((node) => node !== self);
    // Without the one whose place it is to take: nobody else could prove that it is whole.
    const witnesses = sources.filter((node) => node !== record.members[slot]);
    if (witnesses.length >= record.code.k) return { ...work, sources };
    const isMember = record.members[slot] === self;
    return isMember && !this.#namesRests.rests(id) ? { ...work, sources: 'names' } : undefined;
  }

  #missing({ record, slot }: Work, page: readonly HeldShard[]): HeldShard[] {
    return page.filter((held) => !this.#deps.filler.has(record, slot, held));
  }

  /** Takes one unit off the front. False: some of it can't be had now. */
  async #fetchSome(work: Work, missing: HeldShard[], signal: AbortSignal): Promise<boolean> {
    const unit: HeldShard[] = [];
    for (let bytes = 0; missing.length > 0 && bytes < unitBytesMax; ) {
      const held = missing.shift() as HeldShard;
      unit.push(held);
      bytes += held.length;
    }
    let isWhole = true;
    const worker = async () => {
      for (let held = unit.shift(); held !== undefined; held = unit.shift()) {
        if (!(await this.#fetchOne(work, held, signal))) isWhole = false;
      }
    };
    await Promise.all(Array.from({ length: fillsAtOnce }, worker));
    return isWhole;
  }

  async #fetchOne(work: Work, held: HeldShard, signal: AbortSignal): Promise<boolean> {
    const { filler, log } = this.#deps;
    const { record, slot } = work;
    const result = await filler.fill(record, slot, held, signal);
    if (result === 'filled') this.#bytesDone += held.length;
    if (result !== 'beyond') return result === 'filled';
    if (work.sources === 'names') {
      this.#lost.set(record.id, (this.#lost.get(record.id) ?? 0) + 1);
      return false;
    }
    if (this.#isHoped(record.id)) return false;
    this.#beyond += 1;
    log.warn('a shard can’t be rebuilt: too few others hold it', { ...held.key });
    return true;
  }

  #isHoped(id: VolumeId): boolean {
    const now = this.#deps.clock.now();
    const since = this.#beyondSince.get(id) ?? now;
    this.#beyondSince.set(id, since);
    return now - since < beyondPatienceMs;
  }

  /** Who was to follow a member takes its place; who has its place is whole. */
  async #settle({ record, revision, slot }: Work, signal: AbortSignal): Promise<void> {
    const { log, self, onWhole } = this.#deps;
    const isMember = record.members[slot] === self;
    const next = isMember ? clearRebuilding(record, slot) : replaceMember(record, slot, self);
    if (!(await swapVolume(this.#deps, { record, revision }, next, { signal }))) return;
    if (isMember) this.#volumesDone += 1;
    onWhole();
    log.info(isMember ? 'slot is whole' : 'slot taken over', { volume: record.id, slot });
  }
}
