/**
 * Who may hold shards of a volume without being its member: nodes that were put out, for they
 * seemed dead, keep what they hold until all members have theirs. Nobody notes who they are, so all
 * that live are asked, and only where members are too few.
 */
import type { NodeId } from '#base/ids.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { VolumeRecord } from '#protocol/volumes.ts';

export interface FormerHolder {
  readonly node: NodeId;
  /** Of the shard that it may hold. Copies are all alike. */
  readonly slot: number;
}

export function* formerHolders(
  map: Pick<ClusterMap, 'isLive' | 'nodes'>,
  { code, members }: VolumeRecord,
): Generator<FormerHolder, void> {
  const slots = code.k === 1 ? [0] : [...members.keys()];
  for (const { id: node } of map.nodes()) {
    if (members.includes(node) || !map.isLive(node)) continue;
    for (const slot of slots) yield { node, slot };
  }
}
