/**
 * Which node does what only one has to do. A hint, as with the combiner: the live node that has
 * been registered longest. Two at a time do no harm, since each change is a compare-and-swap.
 */
import type { NodeId } from '#base/ids.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';

export function isCoordinator(map: Pick<ClusterMap, 'live' | 'sessionOf'>, self: NodeId): boolean {
  const own = map.sessionOf(self);
  if (own === undefined || !map.live().includes(self)) return false;
  return map.live().every((id) => (map.sessionOf(id) ?? Number.POSITIVE_INFINITY) >= own);
}
