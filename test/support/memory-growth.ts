/** How much memory each process of a cluster comes to take. */
import { readFileSync } from 'node:fs';
import type { LocalCluster } from './local-cluster.ts';

const everyMs = 100;
const KiB = 1024;
export const MiB = 1024 * KiB;

/** By process: the most MiB that it had grown by at any time during the work. */
export async function memoryGrowth(
  { names, pid }: LocalCluster,
  work: () => Promise<void>,
): Promise<ReadonlyMap<string, number>> {
  const before = new Map(names.map((name) => [name, residentBytes(pid(name))]));
  const most = new Map(before);
  const look = () => {
    for (const name of names) {
      most.set(name, Math.max(most.get(name) ?? 0, residentBytes(pid(name))));
    }
  };
  const timer = setInterval(look, everyMs);
  try {
    await work();
    look();
  } finally {
    clearInterval(timer);
  }
  const growth = (name: string) => ((most.get(name) ?? 0) - (before.get(name) ?? 0)) / MiB;
  return new Map(names.map((name) => [name, Math.round(growth(name))]));
}

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * KiB;
}
