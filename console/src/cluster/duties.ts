/** What duties say of their progress, read with care: the node may be of another version. */
import type { ClusterNode } from '#client/cluster-status.ts';

type Said = Readonly<Record<string, unknown>>;

const saidBy = (duties: ClusterNode['duties'], name: string): Said | undefined => {
  const said = duties?.[name];
  return typeof said === 'object' && said !== null ? (said as Said) : undefined;
};

const amount = (said: Said | undefined, name: string): number => {
  const value = said?.[name];
  return typeof value === 'number' ? value : 0;
};

export interface Repairs {
  readonly bytesDone: number;
  readonly shardsBeyondRepair: number;
}

/** Of all nodes that answer, since they began. */
export function repairsOf(nodes: readonly ClusterNode[]): Repairs {
  const said = nodes.flatMap(({ duties }) =>
    ['repair: slots', 'repair: shards'].map((name) => saidBy(duties, name)),
  );
  const sum = (name: string) => said.reduce((all, one) => all + amount(one, name), 0);
  return { bytesDone: sum('bytesDone'), shardsBeyondRepair: sum('shardsBeyondRepair') };
}

export interface Scrub {
  /** Of what the node holds, read in this round. */
  readonly part: number;
  /** Until the next round: the last has read everything. */
  readonly isResting: boolean;
  /** In this round and the last. */
  readonly damaged: number;
  readonly endedAgoSeconds: number | undefined;
}

export function scrubOf({ duties, disk }: ClusterNode): Scrub | undefined {
  const said = saidBy(duties, 'scrub');
  if (said === undefined || disk === undefined) return undefined;
  const last = said.lastRound as Said | undefined;
  const bytes = amount(said, 'bytes');
  const isResting = bytes === 0 && last !== undefined;
  return {
    ...{ isResting, part: isResting ? 1 : Math.min(1, bytes / Math.max(1, disk.liveBytes)) },
    damaged: amount(said, 'damaged') + amount(last, 'damaged'),
    endedAgoSeconds: last === undefined ? undefined : amount(last, 'ageMs') / 1000,
  };
}
