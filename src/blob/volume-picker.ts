/**
 * Finds a volume to write to: open, whole, of today's width, all members alive. Makes new ones when
 * there are too few, about two a node and class, so that load spreads over all nodes. It rests on
 * the cluster map, a hint: that a volume is still what it was is decided when the blob gets its
 * name.
 */
import { asDftfsError, DftfsError } from '#base/errors.ts';
import { type NodeId, newVolumeId } from '#base/ids.ts';
import type { ClusterMap, KnownVolume, NodeRecord } from '#cluster/cluster-map.ts';
import type { World } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import { volumeKey } from '#protocol/keys.ts';
import { type Code, encodeVolume, type VolumeRecord } from '#protocol/volumes.ts';
import { placeVolume, slotsByNode } from './placement.ts';
import { mapChange, settled } from './waits.ts';
import { type BlobClass, codeWithin, copiesMinDefault, sameCode } from './width.ts';

export interface PickRequest {
  readonly blobClass: BlobClass;
  /** Left out if possible: a blob in several volumes shouldn't end on all nodes. */
  readonly spare: NodeId | undefined;
  readonly signal: AbortSignal;
}

export interface VolumePicker {
  /** Errors: too_few_nodes, no_space, names_unavailable, canceled. */
  pick(request: PickRequest): Promise<KnownVolume>;
  /** The node is there but can't take shards now: leave it out for a while. */
  avoid(node: NodeId, why: 'full' | 'failing'): void;
}

export interface VolumePickerDeps {
  readonly kv: Pick<Kv, 'txn'>;
  readonly map: ClusterMap;
  readonly world: Pick<World, 'clock' | 'timers' | 'random'>;
  readonly log: Logger;
}

export interface VolumePickerOptions {
  /** Give up when no volume was possible for so long. */
  readonly patienceMs: number;
  readonly avoidMs: number;
  readonly createTimeoutMs: number;
  /** After a creation that failed. */
  readonly createPauseMs: number;
  readonly volumesPerNode: number;
  /**
   * Small blobs that come so close together share a volume: to its members they are one message,
   * one write and one flush.
   */
  readonly burstMs: number;
  /** 1: a node alone takes what is written, and nothing survives its loss. */
  readonly copiesMin: number;
}

export const volumePickerDefaults: VolumePickerOptions = {
  patienceMs: 3000,
  avoidMs: 5000,
  createTimeoutMs: 1500,
  createPauseMs: 250,
  volumesPerNode: 2,
  burstMs: 20,
  copiesMin: copiesMinDefault,
};

/** What can be written to now. */
interface Plan {
  readonly code: Code | undefined;
  readonly liveNodes: number;
  readonly available: readonly NodeRecord[];
  readonly usable: readonly KnownVolume[];
}

interface Burst {
  readonly usable: readonly KnownVolume[];
  readonly volume: KnownVolume | undefined;
  readonly until: number;
}

export function createVolumePicker(
  deps: VolumePickerDeps,
  options: Partial<VolumePickerOptions> = {},
): VolumePicker {
  return new Picker(deps, { ...volumePickerDefaults, ...options });
}

class Picker implements VolumePicker {
  readonly #deps: VolumePickerDeps;
  readonly #options: VolumePickerOptions;
  readonly #avoided = new Map<NodeId, { readonly why: string; readonly until: number }>();
  readonly #plans = new Map<string, Plan>();
  readonly #creating = new Map<BlobClass, Promise<void>>();
  #burst: Burst | undefined;
  #createAfter = Number.NEGATIVE_INFINITY;
  #createError: DftfsError | undefined;

  constructor(deps: VolumePickerDeps, options: VolumePickerOptions) {
    this.#deps = deps;
    this.#options = options;
    deps.map.onChange(() => this.#plans.clear());
  }

  avoid(node: NodeId, why: 'full' | 'failing'): void {
    this.#avoided.set(node, { why, until: this.#now() + this.#options.avoidMs });
    this.#plans.clear();
  }

  async pick({ blobClass, spare, signal }: PickRequest): Promise<KnownVolume> {
    const { map, world } = this.#deps;
    const deadline = this.#now() + this.#options.patienceMs;
    for (;;) {
      const plan = this.#plan(blobClass, spare);
      const found = blobClass === 'small' ? this.#inBurst(plan) : this.#oneOf(plan.usable);
      if (plan.code && plan.usable.length < this.#options.volumesPerNode * plan.liveNodes) {
        const creating = this.#create(blobClass, plan.code, plan.available);
        if (!found && creating) {
          const left = Math.max(0, deadline - this.#now());
          await settled(creating, left, world.timers, signal);
          if (this.#plan(blobClass, spare).usable.length > 0) continue;
        }
      }
      const volume = found ?? this.#oneOf(this.#lastResort(plan));
      if (volume) return volume;
      const left = deadline - this.#now();
      if (left <= 0 || this.#isFull(plan)) throw this.#refusal(plan);
      await mapChange(map, Math.min(left, this.#options.createPauseMs), world.timers, signal);
    }
  }

  #plan(blobClass: BlobClass, spare: NodeId | undefined): Plan {
    const avoided = this.#avoidedNow();
    const key = `${blobClass}/${spare ?? ''}`;
    const known = this.#plans.get(key);
    if (known && avoided.size === 0) return known;
    const plan = this.#makePlan(blobClass, avoided, spare);
    if (this.#plans.size > 64) this.#plans.clear();
    this.#plans.set(key, plan);
    return plan;
  }

  #makePlan(blobClass: BlobClass, avoided: ReadonlySet<NodeId>, spare: NodeId | undefined): Plan {
    const nodes = this.#writableNodes();
    const free = nodes.filter((node) => !avoided.has(node.id));
    const spared = free.filter((node) => node.id !== spare);
    const codeOn = ({ length }: readonly NodeRecord[]) =>
      codeWithin(blobClass, nodes.length, length, this.#options.copiesMin);
    const available = codeOn(spared) === undefined ? free : spared;
    const code = codeOn(available);
    const ids = new Set(available.map((node) => node.id));
    const usable = this.#deps.map
      .volumes()
      .filter(({ record }) => code && sameCode(record.code, code) && isWritable(record, ids));
    return { code, liveNodes: nodes.length, available, usable };
  }

  /** Draining nodes get nothing new, unless there would be too few. */
  #writableNodes(): readonly NodeRecord[] {
    const { map } = this.#deps;
    const live = map.live().flatMap((id) => map.node(id) ?? []);
    const staying = live.filter((node) => !node.draining);
    return staying.length < 2 ? live : staying;
  }

  /**
   * No volume of today's width, and none can be made now: one at least as safe, that leaves a node
   * out.
   */
  #lastResort({ code, liveNodes, available }: Plan): readonly KnownVolume[] {
    if (!code) return [];
    const ids = new Set(available.map((node) => node.id));
    const widest = Math.max(2, liveNodes - 1);
    return this.#deps.map
      .volumes()
      .filter(
        ({ record }) =>
          record.code.m >= code.m && record.members.length <= widest && isWritable(record, ids),
      );
  }

  /** One at a time for each class; undefined: not now. Never rejects. */
  #create(
    blobClass: BlobClass,
    code: Code,
    available: readonly NodeRecord[],
  ): Promise<void> | undefined {
    const running = this.#creating.get(blobClass);
    if (running || this.#now() < this.#createAfter) return running;
    const creating = this.#put(code, available)
      .catch((error: unknown) => {
        this.#createAfter = this.#now() + this.#options.createPauseMs;
        this.#createError = asDftfsError(error);
        this.#deps.log.warn('a volume could not be created', { error });
      })
      .finally(() => this.#creating.delete(blobClass));
    this.#creating.set(blobClass, creating);
    return creating;
  }

  async #put(code: Code, available: readonly NodeRecord[]): Promise<void> {
    const { kv, map, log } = this.#deps;
    const record = this.#newVolume(code, available);
    const key = volumeKey(record.id);
    const { succeeded, revision } = await kv.txn(
      {
        compare: [{ start: key, field: 'version', relation: '=', value: 0 }],
        then: [{ kind: 'put', key, value: encodeVolume(record) }],
        else: [],
      },
      { timeoutMs: this.#options.createTimeoutMs },
    );
    if (!succeeded) throw new DftfsError('internal', `The new volume ${record.id} already exists.`);
    this.#createError = undefined;
    map.learnVolume({ record, revision });
    this.#plans.clear();
    log.info('volume created', { volume: record.id, code, members: record.members });
  }

  #newVolume(code: Code, available: readonly NodeRecord[]): VolumeRecord {
    const { map, world } = this.#deps;
    const slots = slotsByNode(map.volumes());
    const candidates = available.map(({ id, zone, capacityBytes }) => ({
      ...{ id, zone, slots: slots.get(id) ?? 0, capacity: capacityBytes },
    }));
    const members = placeVolume(code, candidates, () => world.random.float());
    if (!members) throw new DftfsError('too_few_nodes', 'Too few nodes for a new volume.');
    const id = newVolumeId((count) => world.random.bytes(count));
    return { id, code, members, epoch: 1, state: 'open', rebuilding: [], incoming: [] };
  }

  #avoidedNow(): ReadonlySet<NodeId> {
    for (const [id, { until }] of this.#avoided) {
      if (this.#now() < until) continue;
      this.#avoided.delete(id);
      this.#plans.clear();
    }
    return new Set(this.#avoided.keys());
  }

  /** Enough nodes are alive, but too many of them are full: waiting won't help. */
  #isFull(plan: Plan): boolean {
    const full = [...this.#avoided.values()].some(({ why }) => why === 'full');
    return full && !plan.code && plan.liveNodes >= this.#options.copiesMin;
  }

  #refusal(plan: Plan): DftfsError {
    if (this.#isFull(plan)) {
      return new DftfsError('no_space', 'Too many nodes are full. Delete files or add nodes.');
    }
    if (plan.code && this.#createError) return this.#createError;
    const detail = `Only ${plan.liveNodes} nodes can be written to: too few to keep data safe.`;
    return new DftfsError('too_few_nodes', detail);
  }

  #inBurst({ usable }: Plan): KnownVolume | undefined {
    const now = this.#now();
    if (this.#burst?.usable !== usable || this.#burst.until <= now) {
      const until = now + this.#options.burstMs;
      this.#burst = { usable, volume: this.#oneOf(usable), until };
    }
    return this.#burst.volume;
  }

  #oneOf(volumes: readonly KnownVolume[]): KnownVolume | undefined {
    return volumes[Math.floor(this.#deps.world.random.float() * volumes.length)];
  }

  #now(): number {
    return this.#deps.world.clock.now();
  }
}

const isWritable = (record: VolumeRecord, nodes: ReadonlySet<NodeId>): boolean =>
  record.state === 'open' &&
  record.rebuilding.length === 0 &&
  record.incoming.length === 0 &&
  record.members.every((id) => nodes.has(id));
