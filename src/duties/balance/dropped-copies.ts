/**
 * Volumes of copies that must lose a member and are too wide for any other node to take its place:
 * they get on with one copy less. Pure. Others are emptied (`duties/move/`).
 */
import type { NodeId } from '#base/ids.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import type { VolumeRecord } from '#protocol/volumes.ts';
import { dropCopy } from '../repair/change-volume.ts';
import { type BalanceView, isSpent } from './balance-view.ts';
import { leavesOneOut } from './plan-balance.ts';

export interface DroppedCopy {
  readonly volume: KnownVolume;
  readonly from: NodeId;
  readonly record: VolumeRecord;
}

/**
 * Of k = 1, whole, with a copy on a node that is to be emptied: without it, where two copies are
 * left.
 */
export function planDroppedCopies(view: BalanceView): DroppedCopy[] {
  const nodes = new Map(view.nodes.map((node) => [node.id, node]));
  return view.volumes.flatMap((volume) => {
    const { code, members, rebuilding, incoming } = volume.record;
    const isWhole =
      rebuilding.length === 0 && incoming.length === 0 && members.every((id) => nodes.has(id));
    const canBeFollowed = leavesOneOut(members.length, nodes.size);
    if (code.k !== 1 || !isWhole || canBeFollowed || isSpent(view, volume)) return [];
    const slot = members.findIndex((id) => nodes.get(id)?.draining);
    const from = members[slot];
    if (from === undefined || members.length <= 2) return [];
    return [{ volume, from, record: dropCopy(volume.record, slot) }];
  });
}
