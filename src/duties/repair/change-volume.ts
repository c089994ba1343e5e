/** Volume records with other members. Pure. A change of members is a new epoch. */
import type { NodeId } from '#base/ids.ts';
import type { VolumeRecord } from '#protocol/volumes.ts';

/** `node` is to hold the slot, and must fill it first. */
export function replaceMember(record: VolumeRecord, slot: number, node: NodeId): VolumeRecord {
  return {
    ...record,
    members: record.members.with(slot, node),
    epoch: record.epoch + 1,
    rebuilding: [...record.rebuilding.filter((other) => other !== slot), slot],
    incoming: record.incoming.filter((one) => one.slot !== slot && one.node !== node),
  };
}

/** One more copy. Only where k = 1. */
export function growCopies(record: VolumeRecord, node: NodeId): VolumeRecord {
  return {
    ...record,
    code: { k: 1, m: record.code.m + 1 },
    members: [...record.members, node],
    epoch: record.epoch + 1,
    rebuilding: [...record.rebuilding, record.members.length],
    incoming: record.incoming.filter((one) => one.node !== node),
  };
}

/** One copy less. Only where k = 1: copies know no slot, so the others move up. */
export function dropCopy(record: VolumeRecord, slot: number): VolumeRecord {
  const moved = (other: number) => (other > slot ? other - 1 : other);
  return {
    ...record,
    code: { k: 1, m: record.code.m - 1 },
    members: record.members.toSpliced(slot, 1),
    epoch: record.epoch + 1,
    rebuilding: record.rebuilding.filter((other) => other !== slot).map(moved),
    incoming: record.incoming
      .filter((one) => one.slot !== slot)
      .map((one) => ({ ...one, slot: moved(one.slot) })),
  };
}

/** The node in `slot` holds everything. */
export const clearRebuilding = (record: VolumeRecord, slot: number): VolumeRecord => ({
  ...record,
  rebuilding: record.rebuilding.filter((other) => other !== slot),
});
