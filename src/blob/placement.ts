/** Which nodes a new volume gets. */
import type { NodeId } from '#base/ids.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import type { Code } from '#protocol/volumes.ts';

export interface Candidate {
  readonly id: NodeId;
  readonly zone: string;
  /** Slots of other volumes that the node holds. */
  readonly slots: number;
  /** What the node offers, in any unit that is common to all. */
  readonly capacity: number;
}

/** The least goes first: how far another slot would fill the node, compared with others. */
export const fillWithOneMore = ({
  slots,
  capacity,
}: Pick<Candidate, 'slots' | 'capacity'>): number => (slots + 1) / Math.max(1, capacity);

/** That nodes hold, or are to. */
export function slotsByNode(volumes: Iterable<KnownVolume>): Map<NodeId, number> {
  const slots = new Map<NodeId, number>();
  for (const { record } of volumes) {
    const holders = [...record.members, ...record.incoming.map(({ node }) => node)];
    for (const id of holders) slots.set(id, (slots.get(id) ?? 0) + 1);
  }
  return slots;
}

/**
 * Members by slot, or undefined with too few candidates. Those with the fewest slots for their
 * capacity first, so that load spreads; no zone gets more than m shards, if zones allow it: then a
 * whole zone may be lost.
 */
export function placeVolume(
  code: Code,
  candidates: readonly Candidate[],
  random: () => number,
): readonly NodeId[] | undefined {
  const width = code.k + code.m;
  if (candidates.length < width) return undefined;
  const zoneMax = shardsOfZoneMax(code, candidates);
  const inZone = new Map<string, number>();
  const used = (candidate: Candidate) => inZone.get(candidate.zone) ?? 0;
  const waiting = shuffled(candidates, random);
  const members: NodeId[] = [];
  while (members.length < width) {
    const best = waiting
      .filter((candidate) => used(candidate) < zoneMax)
      .reduce((a, b) =>
        (fillWithOneMore(b) - fillWithOneMore(a) || used(b) - used(a)) < 0 ? b : a,
      );
    waiting.splice(waiting.indexOf(best), 1);
    inZone.set(best.zone, used(best) + 1);
    members.push(best.id);
  }
  // Slot 0 is read more than the last one: it shouldn't always be the emptiest node's.
  return shuffled(members, random);
}

/** m, or the least above it with which the zones hold the whole volume. */
export function shardsOfZoneMax(
  code: Code,
  candidates: readonly Pick<Candidate, 'zone'>[],
): number {
  const sizes = new Map<string, number>();
  for (const { zone } of candidates) sizes.set(zone, (sizes.get(zone) ?? 0) + 1);
  const room = (max: number) =>
    [...sizes.values()].reduce((sum, size) => sum + Math.min(size, max), 0);
  let max = code.m;
  while (max < code.k + code.m && room(max) < code.k + code.m) max++;
  return max;
}

/** A new array in random order (Fisher–Yates). */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const order = [...items];
  for (let left = order.length; left > 1; left--) {
    const picked = Math.floor(random() * left);
    [order[left - 1], order[picked]] = [order[picked] as T, order[left - 1] as T];
  }
  return order;
}
