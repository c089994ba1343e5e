/**
 * Moves slots to other nodes, off those that are to be emptied and on to those that have less. The
 * coordinator names in a volume's record who is to follow a member; that node fills the slot and
 * takes the place by itself, so no margin is ever given up. Every change is a compare-and-swap of
 * one record: two coordinators do no harm.
 */
import type { NodeId } from '#base/ids.ts';
import { swapVolume } from '#blob/swap-volume.ts';
import type { ClusterMap, KnownVolume } from '#cluster/cluster-map.ts';
import type { Clock } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import type { Duty } from '../duty.ts';
import type { FactsBook, FactsByNode } from '../facts/facts-book.ts';
import { bytesHeld } from '../facts/protection.ts';
import type { BalanceNode, BalanceView } from './balance-view.ts';
import { planDroppedCopies } from './dropped-copies.ts';
import { type BalanceOptions, planMoves } from './plan-balance.ts';

export interface MoveSlotsDeps {
  readonly kv: Pick<Kv, 'txn'>;
  readonly map: ClusterMap;
  readonly facts: Pick<FactsBook, 'read'>;
  readonly isCoordinator: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface MoveSlotsOptions extends BalanceOptions {
  readonly everyMs: number;
  /** Who was to follow a member and is away for so long doesn't. */
  readonly withdrawMs: number;
}

export const moveSlotsDefaults: MoveSlotsOptions = {
  movesMax: 4,
  movesToNodeMax: 2,
  tolerance: 1.25,
  everyMs: 2000,
  withdrawMs: 10_000,
};

export class MoveSlots implements Duty {
  readonly name = 'balance';
  readonly #deps: MoveSlotsDeps;
  readonly #options: MoveSlotsOptions;
  readonly #awaySince = new Map<NodeId, number>();
  #nextAt = Number.NEGATIVE_INFINITY;
  #begun = 0;
  #withdrawn = 0;

  constructor(deps: MoveSlotsDeps, options: Partial<MoveSlotsOptions> = {}) {
    this.#deps = deps;
    this.#options = { ...moveSlotsDefaults, ...options };
  }

  async step(signal: AbortSignal): Promise<'idle'> {
    const { isCoordinator, facts, map, clock } = this.#deps;
    if (!isCoordinator() || clock.now() < this.#nextAt) return 'idle';
    this.#nextAt = clock.now() + this.#options.everyMs;
    await this.#withdraw(signal);
    const view = viewOf(map, await facts.read());
    for (const { volume, from, record } of planDroppedCopies(view)) {
      const isDropped = await swapVolume(this.#deps, volume, record, { signal });
      if (isDropped) this.#log('copy dropped', volume, { from });
    }
    // Anew, for copies may have gone.
    for (const move of planMoves({ ...view, volumes: map.volumes() }, this.#options)) {
      const { volume, slot, from, to, why } = move;
      const incoming = [...volume.record.incoming, { slot, node: to }];
      const next = { ...volume.record, incoming };
      if (!(await swapVolume(this.#deps, volume, next, { signal }))) continue;
      this.#begun += 1;
      this.#log('slot moves', volume, { slot, from, to, why });
    }
    return 'idle';
  }

  progress() {
    const moving = this.#deps.map
      .volumes()
      .reduce((sum, { record }) => sum + record.incoming.length, 0);
    return { moving, begun: this.#begun, withdrawn: this.#withdrawn };
  }

  /** Successors that are away too long, or are to be emptied themselves. */
  async #withdraw(signal: AbortSignal): Promise<void> {
    const { map, clock } = this.#deps;
    const now = clock.now();
    const successors = map.volumes().flatMap(({ record }) => record.incoming);
    const away = new Set(successors.map(({ node }) => node).filter((id) => !map.isLive(id)));
    for (const id of this.#awaySince.keys()) if (!away.has(id)) this.#awaySince.delete(id);
    for (const id of away) if (!this.#awaySince.has(id)) this.#awaySince.set(id, now);
    const isGone = (id: NodeId): boolean =>
      map.node(id)?.draining === true ||
      now - (this.#awaySince.get(id) ?? now) >= this.#options.withdrawMs;
    for (const volume of map.volumes()) {
      const staying = volume.record.incoming.filter(({ node }) => !isGone(node));
      if (staying.length === volume.record.incoming.length) continue;
      const next = { ...volume.record, incoming: staying };
      if (await swapVolume(this.#deps, volume, next, { signal })) this.#withdrawn += 1;
    }
  }

  #log(event: string, { record }: KnownVolume, fields: Record<string, unknown>): void {
    this.#deps.log.info(event, { volume: record.id, ...fields });
  }
}

/** A node that doesn't answer gets nothing. */
export function viewOf(
  map: Pick<ClusterMap, 'live' | 'node' | 'volumes'>,
  facts: FactsByNode,
): BalanceView {
  const held = bytesHeld(facts);
  const nodes = map.live().flatMap((id): BalanceNode[] => {
    const record = map.node(id);
    const disk = facts.get(id)?.disk;
    if (record === undefined) return [];
    const { zone, capacityBytes: capacity, draining } = record;
    const unfit = disk === undefined || disk.full || disk.fenced !== null;
    return [{ id, zone, capacity, freeBytes: disk?.freeBytes ?? 0, draining, unfit }];
  });
  const shardBytes = ({ record: { id, members } }: KnownVolume): number =>
    Math.max(0, ...members.map((node) => held(node, id)));
  return { nodes, volumes: map.volumes(), shardBytes };
}
