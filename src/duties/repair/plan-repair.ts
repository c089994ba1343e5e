/**
 * Which volumes get which members in place of the dead. Pure: from what is known to the records as
 * they shall be. Protection is kept, and one node is left out of every volume while three or more
 * live. Where a volume of k > 1 is too wide for that, nothing is planned here: its blobs have to
 * move to narrower ones.
 */
import type { NodeId } from '#base/ids.ts';
import { type Candidate, fillWithOneMore } from '#blob/placement.ts';
import { marginWanted } from '#blob/width.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import { marginOf, type VolumeRecord } from '#protocol/volumes.ts';
import { dropCopy, growCopies, replaceMember } from './change-volume.ts';

export interface RepairFacts {
  readonly volumes: readonly KnownVolume[];
  readonly live: ReadonlySet<NodeId>;
  /** Dead for longer than the repair delay: nobody waits for them any more. */
  readonly overdue: ReadonlySet<NodeId>;
  /** Dead for a shorter time: they may be back soon. */
  readonly missing: ReadonlySet<NodeId>;
  /** Those of the missing for whom a volume without any margin left doesn't wait. */
  readonly urgent: ReadonlySet<NodeId>;
  /** Live nodes that may get more. */
  readonly takers: readonly Candidate[];
  readonly zoneOf: (node: NodeId) => string | undefined;
}

export interface RepairChange {
  readonly volume: KnownVolume;
  readonly margin: number;
  readonly record: VolumeRecord;
}

/** Copies that data should have while so many nodes are there. */
export const copiesWanted = (nodes: number): number => marginWanted(nodes) + 1;

/** Least margin first. At most one change a volume: the next follows when this one is done. */
export function planRepair(facts: RepairFacts): RepairChange[] {
  const slots = new Map(facts.takers.map((taker) => [taker.id, taker.slots]));
  const isLive = (node: NodeId) => facts.live.has(node);
  return facts.volumes
    .map((volume) => ({ volume, margin: marginOf(volume.record, isLive) }))
    .filter(({ margin }) => margin >= 0)
    .sort((a, b) => a.margin - b.margin)
    .flatMap(({ volume, margin }) => {
      const record = planVolume(facts, volume.record, margin, slots);
      if (record === undefined) return [];
      for (const node of record.members) {
        if (!volume.record.members.includes(node)) slots.set(node, (slots.get(node) ?? 0) + 1);
      }
      return [{ volume, margin, record }];
    });
}

function planVolume(
  facts: RepairFacts,
  record: VolumeRecord,
  margin: number,
  slots: ReadonlyMap<NodeId, number>,
): VolumeRecord | undefined {
  const { live, overdue, urgent } = facts;
  const lost = record.members.findIndex(
    (node) => overdue.has(node) || (margin === 0 && urgent.has(node)),
  );
  if (lost < 0) return record.code.k === 1 ? planCopies(facts, record, slots) : undefined;
  const living = record.members.filter((node) => live.has(node)).length;
  if (record.code.k === 1 && living >= copiesWanted(live.size)) return dropCopy(record, lost);
  const taker = pickTaker(facts, record, slots);
  return taker && replaceMember(record, lost, taker);
}

/** Nobody is lost: more copies if there are too few, one less if they lie on all that live. */
function planCopies(
  { live, missing, ...facts }: RepairFacts,
  record: VolumeRecord,
  slots: ReadonlyMap<NodeId, number>,
): VolumeRecord | undefined {
  const { members, rebuilding } = record;
  if (rebuilding.length > 0 || members.some((node) => missing.has(node))) return undefined;
  const wanted = copiesWanted(live.size + missing.size);
  if (members.length < wanted) {
    const taker = pickTaker({ live, missing, ...facts }, record, slots);
    return taker && growCopies(record, taker);
  }
  const onAll = live.size >= 3 && members.length >= live.size + missing.size;
  if (!onAll || members.length <= wanted) return undefined;
  const fullest = [...members.keys()].sort(
    (a, b) => (slots.get(members[b] as NodeId) ?? 0) - (slots.get(members[a] as NodeId) ?? 0),
  )[0];
  return fullest === undefined ? undefined : dropCopy(record, fullest);
}

/** The emptiest that isn't a member, in a zone that holds few; undefined: none may be. */
function pickTaker(
  { live, takers, zoneOf }: RepairFacts,
  record: VolumeRecord,
  slots: ReadonlyMap<NodeId, number>,
): NodeId | undefined {
  const staying = record.members.filter((node) => live.has(node));
  const leavesOneOut = live.size < 3 || staying.length + 1 <= live.size - 1;
  if (!leavesOneOut) return undefined;
  const taken = new Set([...record.members, ...record.incoming.map(({ node }) => node)]);
  const inZone = (zone: string) => staying.filter((node) => zoneOf(node) === zone).length;
  const fill = ({ id, capacity }: Candidate) =>
    fillWithOneMore({ capacity, slots: slots.get(id) ?? 0 });
  const crowded = (zone: string) => Number(inZone(zone) >= record.code.m);
  return takers
    .filter(({ id }) => !taken.has(id))
    .sort(
      (a, b) => crowded(a.zone) - crowded(b.zone) || fill(a) - fill(b) || (a.id < b.id ? -1 : 1),
    )[0]?.id;
}
