/** The full cluster, for longer, and with what takes time: `npm run faults -- --long`. */
import type { CheckName, FaultSpec, Scenario, TimedFault } from '../scenario.ts';

const shape = { nodes: 6, etcd: 5 };
const workload = { clients: 6, fileBytesMax: 3_000_000, lastsMs: 25_000 };
const checks: readonly CheckName[] = ['durability', 'honesty', 'linearizability'];
/** Longer than a node may be away before others rebuild what it held. */
const beyondRepairMs = 15_000;
const holdMs = 8000;

const long = (name: string, title: string, faults: readonly TimedFault[]): Scenario => ({
  ...{ name, title, form: 'long', shape, workload, checks, faults },
});

const once = (fault: FaultSpec, forMs = holdMs): readonly TimedFault[] => [
  { atMs: 2000, forMs, fault },
];

const processes: readonly Scenario[] = [
  long('two-nodes-killed', 'two nodes die, and what they held is rebuilt', [
    ...once({ kind: 'signal', signal: 'SIGKILL', target: 'two nodes' }, beyondRepairMs),
  ]),
  long('two-nodes-stopped', 'two nodes stand still until others rebuild what they hold', [
    ...once({ kind: 'signal', signal: 'SIGSTOP', target: 'two nodes' }, beyondRepairMs),
  ]),
  long('etcd-leader-killed', 'the leader of etcd dies, three times', [
    ...[0, 8000, 16_000].map(
      (atMs): TimedFault => ({
        ...{ atMs, forMs: 3000 },
        fault: { kind: 'signal', signal: 'SIGKILL', target: 'the etcd leader' },
      }),
    ),
  ]),
  long('etcd-leader-stopped', 'the leader of etcd stands still', [
    ...once({ kind: 'signal', signal: 'SIGSTOP', target: 'the etcd leader' }),
  ]),
  {
    ...long('etcd-majority-stopped', 'most etcd members stand still', [
      ...once({ kind: 'signal', signal: 'SIGSTOP', target: 'most etcd members' }),
    ]),
    mustMeet: [503],
  },
  long('nodes-restarted', 'every node is restarted in turn', [
    ...once({ kind: 'rolling restart', target: 'every node' }, 0),
  ]),
  long('etcd-restarted', 'every etcd member is restarted in turn', [
    ...once({ kind: 'rolling restart', target: 'every etcd member' }, 0),
  ]),
  long('disk-wiped', 'a node comes back with an empty disk', [
    ...once({ kind: 'other disk', as: 'empty' }, 0),
  ]),
  long('disk-from-the-past', 'a node comes back with its disk as it was', [
    ...once({ kind: 'other disk', as: 'earlier' }, 0),
  ]),
];

const apart = (
  name: string,
  title: string,
  fault: Omit<Extract<FaultSpec, { kind: 'partition' }>, 'kind'>,
): Scenario => long(name, title, once({ kind: 'partition', ...fault }));

const network: readonly Scenario[] = [
  apart('nodes-apart', 'two nodes and the others reach each other no more', {
    ...{ from: 'two nodes', to: 'the other nodes', oneWay: false },
  }),
  apart('node-deaf', 'a node hears no other node', {
    ...{ from: 'the other nodes', to: 'a node', oneWay: true },
  }),
  apart('etcd-unheard-by-node', 'a node hears nothing from etcd', {
    ...{ from: 'every etcd member', to: 'a node', oneWay: true },
  }),
  apart('etcd-leader-apart', 'the leader of etcd and its followers are apart', {
    ...{ from: 'the etcd leader', to: 'the other etcd members', oneWay: false },
  }),
  apart('etcd-leader-unheard', 'what the leader of etcd sends reaches no follower', {
    ...{ from: 'the etcd leader', to: 'the other etcd members', oneWay: true },
  }),
  apart('etcd-leader-deaf', 'the leader of etcd hears no follower', {
    ...{ from: 'the other etcd members', to: 'the etcd leader', oneWay: true },
  }),
  long('many-replies-lost', 'a fifth of all answers get lost', [
    ...once({ kind: 'cut connections', lost: 0.2, reset: 0 }, 15_000),
  ]),
  long('many-uploads-broken', 'a third of all requests break off', [
    ...once({ kind: 'cut connections', lost: 0, reset: 0.3 }, 15_000),
  ]),
];

const failing = (name: string, title: string, calls: string, when = '20+'): Scenario =>
  long(name, title, [
    ...once({ kind: 'failing calls', target: 'a node', calls, error: 'EIO', when }),
  ]);

const disks: readonly Scenario[] = [
  failing('writes-fail', "a node's disk fails to write", 'pwrite64,pwritev'),
  failing('reads-fail', "a node's disk fails to read, now and then", 'pread64,preadv', '5+7'),
  long('etcd-sync-fails', "an etcd member's disk fails to sync", [
    ...once({
      ...{ kind: 'failing calls', target: 'an etcd follower', calls: 'fdatasync' },
      ...{ error: 'EIO', when: '20+' },
    }),
  ]),
  long('disk-full', 'the disk of a node is full', [
    ...once({ kind: 'full disk', target: 'a node' }),
  ]),
  {
    ...long('all-disks-full', 'the disks of all nodes are full', [
      ...once({ kind: 'full disk', target: 'every node' }),
    ]),
    mustMeet: [507],
  },
  long('disk-slow', 'the disk of a node is slow', [
    ...once({ kind: 'slow disk', target: 'a node', bytesPerSecond: 1_000_000 }),
  ]),
  {
    ...long('nothing-left', 'nothing is left of what clients broke off and removed', [
      ...once({ kind: 'cut connections', lost: 0.2, reset: 0.2 }),
    ]),
    checks: [...checks, 'leaks'],
  },
];

const clocks: readonly Scenario[] = (['+2h', '-2h', '+0 x4'] as const).map((offset, nth) =>
  long(`clock-${['ahead', 'behind', 'fast'][nth]}`, `the clocks of two nodes: ${offset}`, [
    ...once({ kind: 'clock', target: 'two nodes', offset }),
  ]),
);

export const longScenarios: readonly Scenario[] = [...processes, ...network, ...disks, ...clocks];
