/** Who may hold shards of a volume: its members, and nodes that are becoming members. */
import type { NodeId } from '#base/ids.ts';
import { slotInKeys, type VolumeRecord } from '#protocol/volumes.ts';

export const holdersOf = ({ members, incoming }: VolumeRecord): NodeId[] => [
  ...new Set([...members, ...incoming.map(({ node }) => node)]),
];

/** The slots, as shard keys name them, that the node holds or fills. Empty: it isn't a holder. */
export function slotsOf({ code, members, incoming }: VolumeRecord, node: NodeId): Set<number> {
  const held = [...members.keys()].filter((slot) => members[slot] === node);
  const filled = incoming.filter((one) => one.node === node).map(({ slot }) => slot);
  return new Set([...held, ...filled].map((slot) => slotInKeys(code, slot)));
}
