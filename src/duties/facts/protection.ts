/** How safe everything is: volumes by the losses that they survive now, and what is under way. */
import type { NodeId, VolumeId } from '#base/ids.ts';
import { marginWanted } from '#blob/width.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import { marginOf, type VolumeRecord } from '#protocol/volumes.ts';
import type { FactsByNode } from './facts-book.ts';

export interface Amount {
  readonly volumes: number;
  /** Of content, by what the living members hold; counted a few seconds ago. */
  readonly bytes: number;
}

export interface Filling {
  readonly slots: number;
  /** That the nodes which fill them don't hold yet. */
  readonly bytesLeft: number;
}

export interface Protection {
  /** Losses that the cluster can promise to survive with as many nodes as live now. */
  readonly wantedMargin: number;
  readonly all: Amount;
  /** Survive fewer. */
  readonly underProtected: Amount;
  /** Of those, they survive none. */
  readonly withoutMargin: Amount;
  /** Of those, they can't be read now. */
  readonly unreadable: Amount;
  /** Slots whose member is gone or came back with less than it had. */
  readonly rebuilding: Filling;
  /** Slots that go to another node while the old one still has them. */
  readonly moving: Filling;
}

export interface ProtectionView {
  readonly volumes: readonly KnownVolume[];
  readonly live: readonly NodeId[];
  readonly facts: FactsByNode;
  /** Below it nothing is written; default: as `blob/width.ts` says. */
  readonly copiesMin?: number | undefined;
}

export function describeProtection(view: ProtectionView): Protection {
  const { volumes, live, facts, copiesMin } = view;
  const living = new Set(live);
  const wantedMargin = marginWanted(live.length, copiesMin);
  const held = bytesHeld(facts);
  const known = volumes.map(({ record }) => {
    const ofMembers = record.members.map((node) => held(node, record.id));
    const shardBytes = Math.max(0, ...ofMembers);
    const margin = marginOf(record, (node) => living.has(node));
    return { record, margin, shardBytes, bytes: shardBytes * record.code.k };
  });
  const amount = (marginBelow: number): Amount => {
    const some = known.filter(({ margin }) => margin < marginBelow);
    return { volumes: some.length, bytes: some.reduce((sum, { bytes }) => sum + bytes, 0) };
  };
  const filling = (fillers: (record: VolumeRecord) => readonly NodeId[]): Filling => {
    const left = known.flatMap(({ record, shardBytes }) =>
      fillers(record).map((node) => Math.max(0, shardBytes - held(node, record.id))),
    );
    return { slots: left.length, bytesLeft: left.reduce((sum, bytes) => sum + bytes, 0) };
  };
  return {
    wantedMargin,
    all: amount(Number.POSITIVE_INFINITY),
    underProtected: amount(wantedMargin),
    withoutMargin: amount(1),
    unreadable: amount(0),
    rebuilding: filling(({ rebuilding, members }) =>
      rebuilding.map((slot) => members[slot] as NodeId),
    ),
    moving: filling(({ incoming }) => incoming.map(({ node }) => node)),
  };
}

/** 0 where nothing is known. */
export function bytesHeld(facts: FactsByNode): (node: NodeId, volume: VolumeId) => number {
  const byNode = new Map([...facts].map(([id, { volumes }]) => [id, new Map(volumes)]));
  return (node, volume) => byNode.get(node)?.get(volume) ?? 0;
}
