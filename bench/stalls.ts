/**
 * What clients see when a process goes: eight of them put, get and ask for small files at the front
 * door, each request on a connection of its own as `curl` does it, while one process of a fresh
 * cluster is killed or stopped. The longest wait of any request is the stall.
 */
import { combinerOf, etcdLeaderOf } from '../test/support/cluster-state.ts';
import { type LocalCluster, startLocalCluster } from '../test/support/local-cluster.ts';
import { running } from '../test/support/protection.ts';
import { askInTurn, type Seen } from './load/ask-in-turn.ts';

export interface Stall {
  readonly what: string;
  readonly requests: number;
  /** Requests without an answer: the process that served them was the one. */
  readonly broken: number;
  /** Answers other than what was right. */
  readonly wrong: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

export type Target = 'node' | 'combiner' | 'leader' | 'follower';

const clients = 8;
const beforeMs = 1500;
const afterMs = 5000;

export const stallKinds: readonly (readonly [Target, NodeJS.Signals])[] = [
  ['node', 'SIGKILL'],
  ['node', 'SIGTERM'],
  ['node', 'SIGSTOP'],
  ['combiner', 'SIGKILL'],
  ['combiner', 'SIGSTOP'],
  ['leader', 'SIGKILL'],
  ['leader', 'SIGTERM'],
  ['leader', 'SIGSTOP'],
  ['follower', 'SIGKILL'],
  ['follower', 'SIGSTOP'],
];

export async function measureStall(target: Target, signal: NodeJS.Signals): Promise<Stall> {
  const cluster = await startLocalCluster();
  try {
    const name = await nameOf(cluster, target);
    return await stallOf(cluster, { name, signal, what: `${signal} of a ${target}` });
  } finally {
    await cluster.stop();
  }
}

export interface Harm {
  readonly what: string;
  /** Undefined: nobody is harmed. */
  readonly name?: string;
  readonly signal?: NodeJS.Signals;
  /** What clients put lies under it; must be new. */
  readonly folder?: string;
}

/** Harms the process while clients ask. */
export async function stallOf(
  cluster: LocalCluster,
  { what, name, signal, folder = '/stall' }: Harm,
): Promise<Stall> {
  const plan = { clients, prefix: folder, bytes: 4096 };
  const asking = askInTurn(cluster.url, plan, performance.now() + beforeMs + afterMs);
  await new Promise((resolve) => setTimeout(resolve, beforeMs));
  if (name !== undefined && signal !== undefined) cluster.signal(name, signal);
  return summary(what, await asking);
}

export async function nameOf(cluster: LocalCluster, target: Target): Promise<string> {
  const namesOf = (urls: ReadonlyMap<string, string>) =>
    running(cluster, urls).map(([name]) => name);
  if (target === 'leader') return await etcdLeaderOf(cluster);
  if (target === 'follower')
    return otherThan(await etcdLeaderOf(cluster), namesOf(cluster.etcdUrls));
  const combiner = await combinerOf(cluster);
  return target === 'combiner' ? combiner : otherThan(combiner, namesOf(cluster.nodeUrls));
}

/** The last, or the one before. */
const otherThan = (name: string, names: readonly string[]): string =>
  names.findLast((one) => one !== name) as string;

function summary(what: string, seen: readonly Seen[]): Stall {
  const answered = seen.filter(({ outcome }) => outcome !== 'broken');
  const times = answered.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor((times.length - 1) * share)] ?? 0;
  const count = (outcome: Seen['outcome']) => seen.filter((s) => s.outcome === outcome).length;
  return {
    what,
    requests: seen.length,
    broken: count('broken'),
    wrong: count('wrong'),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    longestMs: at(1),
  };
}
