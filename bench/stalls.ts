/**
 * What clients see when a process goes: eight of them put, get and ask for small files at the front
 * door, each request on a connection of its own as `curl` does it, while one process of a fresh
 * cluster is killed or stopped. The longest wait of any request is the stall.
 */

import { etcdUrl, readManifest } from '#app/local/manifest.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { EtcdMaintenance } from '#kv/etcd/maintenance.ts';
import { httpCall } from '../test/support/http-call.ts';
import { type LocalCluster, startLocalCluster } from '../test/support/local-cluster.ts';

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

type Target = 'node' | 'combiner' | 'leader' | 'follower';

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

interface Seen {
  readonly ms: number;
  readonly outcome: 'right' | 'wrong' | 'broken';
}

export async function measureStall(target: Target, signal: NodeJS.Signals): Promise<Stall> {
  const cluster = await startLocalCluster();
  try {
    const name = await nameOf(cluster, target);
    const seen: Seen[] = [];
    const began = performance.now();
    const loops = Array.from({ length: clients }, (_, n) => load(cluster.url, n, began, seen));
    await new Promise((resolve) => setTimeout(resolve, beforeMs));
    cluster.signal(name, signal);
    await Promise.all(loops);
    return summary(`${signal} of a ${target}`, seen);
  } finally {
    await cluster.stop();
  }
}

async function nameOf(cluster: LocalCluster, target: Target): Promise<string> {
  const manifest = await readManifest(cluster.data);
  if (manifest === undefined) throw new Error('the cluster has no manifest');
  if (target === 'node') return 'node-4';
  if (target === 'combiner') {
    const answer = await httpCall('GET', `${cluster.url}/-/cluster`);
    return JSON.parse(String(answer.body)).names.combiner;
  }
  const endpoints = manifest.etcd.map((member) => etcdUrl(manifest, member));
  const maintenance = new EtcdMaintenance(createNodeWorld(), { endpoints });
  try {
    for (const [n, endpoint] of endpoints.entries()) {
      const { memberId, leaderId } = await maintenance.status(endpoint, { timeoutMs: 2000 });
      if ((memberId === leaderId) === (target === 'leader')) return manifest.etcd[n]?.name ?? '';
    }
  } finally {
    maintenance.close();
  }
  throw new Error(`no etcd ${target} was found`);
}

/** A put, then reads of it, again and again until the time is over. */
async function load(url: string, client: number, began: number, seen: Seen[]): Promise<void> {
  const body = Buffer.alloc(4096, client);
  const tried = async (right: number, method: string, target: string, content?: Buffer) => {
    const start = performance.now();
    let outcome: Seen['outcome'] = 'broken';
    try {
      const options = content === undefined ? {} : { body: content };
      const { status } = await httpCall(method, url + target, options);
      outcome = status === right ? 'right' : 'wrong';
    } catch {}
    seen.push({ ms: performance.now() - start, outcome });
    return outcome === 'right';
  };
  for (let n = 0; performance.now() - began < beforeMs + afterMs; n++) {
    const path = `/stall/${client}-${n}`;
    if (!(await tried(200, 'PUT', path, body))) continue;
    await tried(200, 'GET', path);
    await tried(200, 'GET', `/exists${path}`);
  }
}

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
