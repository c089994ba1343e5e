/** What all faults are made of. */
import { etcdLeaderOf } from '../../support/cluster-state.ts';
import type { LocalCluster } from '../../support/local-cluster.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import type { Ground } from '../ground/ground.ts';
import type { Target } from '../scenario.ts';

/** Where a fault happens. */
export interface Field {
  readonly cluster: LocalCluster;
  readonly ground: Ground;
  readonly random: SeededRandom;
}

export interface RunningFault {
  /** What shows that it struck, counted; 0: it missed. */
  hits(): Promise<number>;
  /** All is as it was: what is dead is started, what was cut is joined. */
  undo(): Promise<void>;
}

/** `but`: those that 'the other …' are others than. */
export async function choose(
  target: Target,
  { cluster, random }: Field,
  but: readonly string[] = [],
): Promise<string[]> {
  const nodes = [...cluster.nodeUrls.keys()];
  const members = [...cluster.etcdUrls.keys()];
  const some = (of: readonly string[], count: number): string[] => {
    const left = [...of];
    const take = () => left.splice(random.between(0, left.length - 1), 1);
    return Array.from({ length: count }, take).flat();
  };
  switch (target) {
    case 'a node':
      return some(nodes, 1);
    case 'two nodes':
      return some(nodes, 2);
    case 'every node':
      return nodes;
    case 'the other nodes':
      return nodes.filter((name) => !but.includes(name));
    case 'the etcd leader':
      return [await etcdLeaderOf(cluster)];
    case 'an etcd follower': {
      const leader = await etcdLeaderOf(cluster);
      return some(
        members.filter((name) => name !== leader),
        1,
      );
    }
    case 'most etcd members':
      return some(members, Math.floor(members.length / 2) + 1);
    case 'every etcd member':
      return members;
    case 'the other etcd members':
      return members.filter((name) => !but.includes(name));
  }
}
