/** These run with the tests: one of each kind of trouble that no other test makes. */
import type { CheckName, FaultSpec, Scenario } from '../scenario.ts';

const shape = { nodes: 4, etcd: 3 };
const workload = { clients: 8, fileBytesMax: 600_000, lastsMs: 0 };
const checks: readonly CheckName[] = ['durability', 'honesty', 'linearizability'];

const short = (
  name: string,
  title: string,
  forMs: number,
  ...faults: readonly FaultSpec[]
): Scenario => ({
  ...{ name, title, form: 'short', shape, workload, checks },
  faults: faults.map((fault) => ({ atMs: 0, forMs, fault })),
});

export const shortScenarios: readonly Scenario[] = [
  short('node-stopped', 'a node stands still for longer than its lease', 5000, {
    ...{ kind: 'signal', signal: 'SIGSTOP', target: 'a node' },
  }),
  {
    ...short('etcd-majority-lost', 'most etcd members are dead', 7000, {
      ...{ kind: 'signal', signal: 'SIGKILL', target: 'most etcd members' },
    }),
    mustMeet: [503],
  },
  short('node-and-etcd-apart', "a node doesn't reach etcd, nor etcd it", 5000, {
    ...{ kind: 'partition', from: 'a node', to: 'every etcd member', oneWay: false },
  }),
  short('node-unheard', 'what a node sends reaches no other node', 5000, {
    ...{ kind: 'partition', from: 'a node', to: 'the other nodes', oneWay: true },
  }),
  short('replies-lost', 'answers get lost and uploads break off', 4000, {
    ...{ kind: 'cut connections', lost: 0.1, reset: 0.05 },
  }),
  short('writes-fail-at-once', "a node's disk fails to write and to sync", 3000, {
    ...{ kind: 'failing calls', target: 'a node', error: 'EIO', when: '3+' },
    calls: 'pwrite64,pwritev,fdatasync',
  }),
  short('clock-jumps', "a node's clock jumps two hours ahead", 4000, {
    ...{ kind: 'clock', target: 'a node', offset: '+2h' },
  }),
];
