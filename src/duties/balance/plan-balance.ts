/**
 * Which slots go to which other nodes. Pure. What is on nodes that are to be emptied goes first,
 * then what breaks a zone's bound, then from nodes that are much fuller than others. Only whole
 * volumes are touched, and never so that one lies on all nodes, not even while the slot is filled.
 */
import assert from 'node:assert/strict';
import type { NodeId } from '#base/ids.ts';
import { shardsOfZoneMax } from '#blob/placement.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import type { VolumeRecord } from '#protocol/volumes.ts';
import { type BalanceNode, type BalanceView, isSpent, isTaker } from './balance-view.ts';
import { NodeLoads } from './node-loads.ts';

export interface BalanceOptions {
  /** Under way at once, in all and to one node. */
  readonly movesMax: number;
  readonly movesToNodeMax: number;
  /** Nodes are alike when none is so many times fuller than another. */
  readonly tolerance: number;
}

export interface Move {
  readonly volume: KnownVolume;
  readonly slot: number;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly why: 'drain' | 'zone' | 'balance';
}

export function planMoves(view: BalanceView, options: BalanceOptions): Move[] {
  return new Planner(view, options).plan();
}

/** May a volume get a node more for a while? One is always left out while three or more live. */
export const leavesOneOut = (width: number, live: number): boolean =>
  live < 3 || width + 1 <= live - 1;

class Planner {
  readonly #view: BalanceView;
  readonly #options: BalanceOptions;
  readonly #loads: NodeLoads;
  readonly #nodes: ReadonlyMap<NodeId, BalanceNode>;
  readonly #movesTo = new Map<NodeId, number>();
  readonly #bytesTo = new Map<NodeId, number>();
  readonly #settled: readonly KnownVolume[];
  readonly #moves = new Map<KnownVolume, Move>();
  #movesLeft: number;

  constructor(view: BalanceView, options: BalanceOptions) {
    this.#view = view;
    this.#options = options;
    this.#loads = new NodeLoads(view);
    this.#nodes = new Map(view.nodes.map((node) => [node.id, node]));
    const underWay = view.volumes.flatMap(({ record }) => record.incoming);
    for (const { node } of underWay) this.#countMoveTo(node, 0);
    this.#movesLeft = options.movesMax - underWay.length;
    this.#settled = view.volumes.filter((volume) => {
      const { members, rebuilding, incoming } = volume.record;
      return (
        !isSpent(view, volume) &&
        rebuilding.length === 0 &&
        incoming.length === 0 &&
        members.every((id) => this.#nodes.has(id)) &&
        leavesOneOut(members.length, view.nodes.length)
      );
    });
  }

  plan(): Move[] {
    this.#drain();
    this.#repairZones();
    while (this.#movesLeft > 0 && this.#balanceOnce());
    return [...this.#moves.values()];
  }

  #drain(): void {
    for (const volume of this.#settled) {
      const slot = volume.record.members.findIndex((id) => this.#nodes.get(id)?.draining);
      if (slot < 0) continue;
      const [to] = this.#takers(volume, slot);
      if (to !== undefined) this.#add(volume, slot, to, 'drain');
    }
  }

  #repairZones(): void {
    for (const volume of this.#settled) {
      if (this.#moves.has(volume)) continue;
      const { members } = volume.record;
      const zoneMax = this.#zoneMax(volume.record);
      const crowded = [...members.keys()]
        .filter((slot) => this.#inZone(volume.record, this.#memberAt(volume, slot).zone) > zoneMax)
        .sort((a, b) => this.#fillAt(volume, b) - this.#fillAt(volume, a));
      for (const slot of crowded) {
        const { zone } = this.#memberAt(volume, slot);
        const to = this.#takers(volume, slot).find((taker) => taker.zone !== zone);
        if (to !== undefined && this.#add(volume, slot, to, 'zone')) break;
      }
    }
  }

  /** From the fullest node that can give to the emptiest that can take. */
  #balanceOnce(): boolean {
    const { tolerance } = this.#options;
    const takers = this.#view.nodes.filter(isTaker);
    const givers = this.#view.nodes.filter(({ draining }) => !draining);
    for (const from of this.#byFill(givers).reverse()) {
      if (!takers.some((to) => this.#loads.isMuchFuller(from, to, tolerance))) return false;
      const held = this.#settled
        .filter((volume) => !this.#moves.has(volume) && volume.record.members.includes(from.id))
        .sort((a, b) => this.#loads.weightOf(b) - this.#loads.weightOf(a));
      for (const volume of held) {
        const slot = volume.record.members.indexOf(from.id);
        const to = this.#takers(volume, slot).find(
          (taker) =>
            this.#loads.isMuchFuller(from, taker, tolerance) &&
            this.#loads.staysFuller(volume, from, taker),
        );
        if (to !== undefined) return this.#add(volume, slot, to, 'balance');
      }
    }
    return false;
  }

  /** Who may follow the member in the slot, the emptiest first. */
  #takers(volume: KnownVolume, slot: number): BalanceNode[] {
    const { record } = volume;
    const from = this.#memberAt(volume, slot);
    const zoneMax = this.#zoneMax(record);
    const fits = ({ id, zone, freeBytes }: BalanceNode): boolean =>
      (this.#movesTo.get(id) ?? 0) < this.#options.movesToNodeMax &&
      this.#inZone(record, zone) - Number(zone === from.zone) < zoneMax &&
      (this.#bytesTo.get(id) ?? 0) + this.#view.shardBytes(volume) <= freeBytes;
    return this.#byFill(
      this.#view.nodes.filter(
        (node) => isTaker(node) && !record.members.includes(node.id) && fits(node),
      ),
    );
  }

  #add(volume: KnownVolume, slot: number, to: BalanceNode, why: Move['why']): boolean {
    if (this.#movesLeft <= 0) return false;
    const from = this.#memberAt(volume, slot).id;
    this.#moves.set(volume, { volume, slot, from, to: to.id, why });
    this.#loads.move(volume, from, to.id);
    this.#countMoveTo(to.id, this.#view.shardBytes(volume));
    this.#movesLeft -= 1;
    return true;
  }

  #countMoveTo(node: NodeId, bytes: number): void {
    this.#movesTo.set(node, (this.#movesTo.get(node) ?? 0) + 1);
    this.#bytesTo.set(node, (this.#bytesTo.get(node) ?? 0) + bytes);
  }

  #memberAt({ record }: KnownVolume, slot: number): BalanceNode {
    const node = this.#nodes.get(record.members[slot] as NodeId);
    assert(node, 'all members of a settled volume live');
    return node;
  }

  #fillAt(volume: KnownVolume, slot: number): number {
    return this.#loads.fill(this.#memberAt(volume, slot));
  }

  #inZone({ members }: VolumeRecord, zone: string): number {
    return members.filter((id) => this.#nodes.get(id)?.zone === zone).length;
  }

  #zoneMax({ code, members }: VolumeRecord): number {
    const isThere = (node: BalanceNode) =>
      !node.draining && (members.includes(node.id) || isTaker(node));
    return shardsOfZoneMax(code, this.#view.nodes.filter(isThere));
  }

  #byFill(nodes: readonly BalanceNode[]): BalanceNode[] {
    return [...nodes].sort(
      (a, b) => this.#loads.fill(a) - this.#loads.fill(b) || (a.id < b.id ? -1 : 1),
    );
  }
}
