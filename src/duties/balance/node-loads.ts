/**
 * How full nodes are for their capacity, with moves under way counted as done. A slot weighs what
 * it holds, and a little more even when it is empty, for it will be written to.
 */
import type { NodeId } from '#base/ids.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import type { BalanceNode, BalanceView } from './balance-view.ts';

const slotWeightMin = 64 * 1024 * 1024;

export class NodeLoads {
  readonly #loads = new Map<NodeId, number>();
  readonly #view: BalanceView;

  constructor(view: BalanceView) {
    this.#view = view;
    for (const volume of view.volumes) {
      const { members, incoming } = volume.record;
      members.forEach((member, slot) => {
        const next = incoming.find((one) => one.slot === slot)?.node ?? member;
        this.#add(next, this.weightOf(volume));
      });
    }
  }

  weightOf(volume: KnownVolume): number {
    return slotWeightMin + this.#view.shardBytes(volume);
  }

  /** Load for capacity. */
  fill(node: BalanceNode, more = 0): number {
    return ((this.#loads.get(node.id) ?? 0) + more) / Math.max(1, node.capacity);
  }

  move(volume: KnownVolume, from: NodeId, to: NodeId): void {
    this.#add(from, -this.weightOf(volume));
    this.#add(to, this.weightOf(volume));
  }

  /** So much that a move is worth while. */
  isMuchFuller(one: BalanceNode, other: BalanceNode, tolerance: number): boolean {
    const difference = (this.fill(one) - this.fill(other)) * Math.min(one.capacity, other.capacity);
    return this.fill(one) > tolerance * this.fill(other) && difference >= 2 * slotWeightMin;
  }

  /**
   * Who gives is not the emptier one afterwards. So the sum of squares falls with every move, and
   * none is ever taken back.
   */
  staysFuller(volume: KnownVolume, from: BalanceNode, to: BalanceNode): boolean {
    const weight = this.weightOf(volume);
    return this.fill(from, -weight) >= this.fill(to, weight);
  }

  #add(node: NodeId, weight: number): void {
    this.#loads.set(node, (this.#loads.get(node) ?? 0) + weight);
  }
}
