/**
 * CPU time that the processes of a cluster have used, by kind. On a machine that everything shares
 * it is what bounds small requests, and it explains their figures.
 */
import { readFileSync } from 'node:fs';
import type { LocalCluster } from '../test/support/local-cluster.ts';

export interface CpuTimes {
  readonly nodesMs: number;
  readonly etcdMs: number;
}

/** Of the kernel's ticks, which `/proc` counts in: a constant of Linux's interface. */
const msPerTick = 10;

export function cpuTimes(cluster: LocalCluster): CpuTimes {
  const total = (kind: string) =>
    cluster.names
      .filter((name) => name.startsWith(kind))
      .reduce((sum, name) => sum + cpuMsOf(cluster.pid(name)), 0);
  return { nodesMs: total('node-'), etcdMs: total('etcd-') };
}

function cpuMsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the command, in brackets, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0] = fields.slice(11, 13).map(Number);
  return (user + system) * msPerTick;
}
