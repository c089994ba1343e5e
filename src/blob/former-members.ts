/**
 * Who may hold shards of a volume without being its member: nodes that were put out, for they
 * seemed dead, keep what they hold until all members have theirs. Nobody notes who they are, so all
 * that live are asked, and only where members are too few.
 */
import type { NodeId } from '#base/ids.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { VolumeRecord } from '#protocol/volumes.ts';

export const formerMembers = (
  map: Pick<ClusterMap, 'isLive' | 'nodes'>,
  { members }: VolumeRecord,
): NodeId[] =>
  map.nodes().flatMap(({ id }) => (members.includes(id) || !map.isLive(id) ? [] : [id]));
