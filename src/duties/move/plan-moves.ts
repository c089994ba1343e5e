/**
 * Which volumes are to be emptied, their blobs written anew into others of today's width: those of
 * k > 1 that are wider than one less than the nodes that stay. They lie on all of them, or would if
 * a lost member were replaced. Pure. Copies (k = 1) need no moving: one can be added or dropped.
 */
import type { NodeId } from '#base/ids.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import { marginOf } from '#protocol/volumes.ts';

export interface MoveFacts {
  readonly volumes: readonly KnownVolume[];
  /** Registered nodes that aren't to leave. */
  readonly staying: readonly NodeId[];
  /** Nodes that are dead. */
  readonly away: ReadonlySet<NodeId>;
  /** Those of them that nobody waits for any more. Where no margin is left, nobody waits at all. */
  readonly overdue: ReadonlySet<NodeId>;
}

/** Least margin first; none that can't be read. */
export function volumesToEmpty({ volumes, staying, away, overdue }: MoveFacts): KnownVolume[] {
  const widest = widestFor(staying.filter((node) => !overdue.has(node)).length);
  const widestNow = widestFor(staying.filter((node) => !away.has(node)).length);
  return volumes
    .map((volume) => ({ volume, margin: marginOf(volume.record, (node) => !away.has(node)) }))
    .filter(({ volume: { record }, margin }) => {
      const isTooWide = record.members.length > (margin > 0 ? widest : widestNow);
      return record.code.k > 1 && margin >= 0 && isTooWide;
    })
    .sort((a, b) => a.margin - b.margin)
    .map(({ volume }) => volume);
}

/** With fewer than two nodes nothing can be written, so nothing is too wide. */
function widestFor(nodes: number): number {
  return nodes < 2 ? Number.POSITIVE_INFINITY : Math.max(2, nodes - 1);
}

/** Volumes that may hold nothing and be in the way: no longer written to, or with dead members. */
export const volumesToCheck = (
  volumes: readonly KnownVolume[],
  away: ReadonlySet<NodeId>,
): KnownVolume[] =>
  volumes.filter(
    ({ record }) => record.state !== 'open' || record.members.some((id) => away.has(id)),
  );
