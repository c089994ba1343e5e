/**
 * Takes away the records of volumes that hold nothing and won't again: sealed ones that were
 * emptied, and unused ones of which a member died. First the volume is closed, and from then on no
 * blob in it can get its first name. What had got one before is with all members, but for what
 * they may have lost since; so when after that more of them list nothing than may lose a shard,
 * there is nothing. Where so many don't live any more, no name must call for anything in it. Then
 * the record goes, if it is still the very one that was closed. An upload under way in it ends with
 * volume_changed.
 */
import type { NodeId } from '#base/ids.ts';
import type { ShardCalls } from '#blob/shard-calls.ts';
import { swapVolume } from '#blob/swap-volume.ts';
import type { ClusterMap, KnownVolume } from '#cluster/cluster-map.ts';
import type { Clock } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import { volumeKey } from '#protocol/keys.ts';
import { readableMembers, type VolumeRecord } from '#protocol/volumes.ts';
import type { Duty } from '../duty.ts';
import type { Absence } from '../repair/absence.ts';
import { listNamed } from '../repair/volume-listing.ts';
import { VolumeRests } from '../volume-rests.ts';
import { volumesToCheck } from './plan-moves.ts';

export interface RemoveVolumesDeps {
  readonly self: NodeId;
  readonly kv: Pick<Kv, 'range' | 'txn'>;
  readonly map: ClusterMap;
  readonly absence: Pick<Absence, 'longerThan'>;
  readonly shards: Pick<ShardCalls, 'list'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface RemoveVolumesOptions {
  /** From one look at a volume to the next. */
  readonly checkPauseMs: number;
}

const callTimeoutMs = 3000;

export class RemoveVolumes implements Duty {
  readonly name = 'move: volumes';
  readonly #deps: RemoveVolumesDeps;
  readonly #rests: VolumeRests;
  #removed = 0;

  constructor(deps: RemoveVolumesDeps, { checkPauseMs }: RemoveVolumesOptions) {
    this.#deps = deps;
    this.#rests = new VolumeRests(deps.clock, checkPauseMs);
  }

  async step(signal: AbortSignal): Promise<'busy' | 'idle'> {
    const { map, absence } = this.#deps;
    const volume = volumesToCheck(map.volumes(), absence.longerThan(0)).find(
      ({ record }) => this.#isOwn(record) && !this.#rests.rests(record.id),
    );
    if (volume === undefined) return 'idle';
    const { record } = volume;
    this.#rests.begin(record.id);
    if (!(await this.#isEmpty(volume, signal))) return 'busy';
    if (record.state === 'closed') {
      await this.#remove(volume, signal);
    } else if (await swapVolume(this.#deps, volume, { ...record, state: 'closed' }, { signal })) {
      this.#rests.end(record.id);
    }
    return 'busy';
  }

  progress() {
    return { removed: this.#removed };
  }

  /** The first member that lives sees to a volume. A hint: two at a time do no harm. */
  #isOwn({ members }: VolumeRecord): boolean {
    const { map, self } = this.#deps;
    return members.find((node) => map.isLive(node)) === self;
  }

  /**
   * All that can be asked hold nothing. For a record to go, no stripe could be put together without
   * them, or none is called for.
   */
  async #isEmpty(volume: KnownVolume, signal: AbortSignal): Promise<boolean> {
    const { record } = volume;
    const { map, shards } = this.#deps;
    const nodes = readableMembers(record, (node) => map.isLive(node));
    if (nodes.length === 0) return false;
    const options = { timeoutMs: callTimeoutMs, signal };
    const lists = await Promise.all(
      nodes.map((node) => shards.list(node, record.id, undefined, 1, options)),
    );
    if (lists.some((held) => held.length > 0)) return false;
    const isProof = nodes.length > record.code.m || record.state !== 'closed';
    return isProof || (await this.#isUnnamed(volume, signal));
  }

  async #isUnnamed(volume: KnownVolume, signal: AbortSignal): Promise<boolean> {
    for await (const page of listNamed(this.#deps.kv, volume, 0, signal)) {
      if (page.length > 0) return false;
    }
    return true;
  }

  async #remove({ record, revision }: KnownVolume, signal: AbortSignal): Promise<void> {
    const key = volumeKey(record.id);
    const { succeeded } = await this.#deps.kv.txn(
      {
        compare: [{ start: key, field: 'mod', relation: '=', value: revision }],
        then: [{ kind: 'delete', start: key }],
        else: [],
      },
      { timeoutMs: callTimeoutMs, signal },
    );
    if (!succeeded) return;
    this.#removed += 1;
    this.#deps.log.info('empty volume removed', { volume: record.id });
  }
}
