/** What the plan of moves rests on. */
import type { NodeId } from '#base/ids.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';

export interface BalanceNode {
  readonly id: NodeId;
  readonly zone: string;
  /** What it offers, in any unit that is common to all. */
  readonly capacity: number;
  readonly freeBytes: number;
  readonly draining: boolean;
  /** Full or failing: it gets nothing. */
  readonly unfit: boolean;
}

export interface BalanceView {
  /** The living. */
  readonly nodes: readonly BalanceNode[];
  readonly volumes: readonly KnownVolume[];
  /** What one slot of the volume holds. */
  readonly shardBytes: (volume: KnownVolume) => number;
}

export const isTaker = ({ draining, unfit }: BalanceNode): boolean => !draining && !unfit;

/** It is about to go: nothing gets its first name in it, and its members hold nothing. */
export const isSpent = ({ shardBytes }: BalanceView, volume: KnownVolume): boolean =>
  volume.record.state === 'closed' && shardBytes(volume) === 0;
