/** What a local cluster's processes say of themselves and of each other. */
import { findProcess } from '#app/local/process-record.ts';
import { httpCall } from './http-call.ts';
import type { LocalCluster } from './local-cluster.ts';
import { until } from './until.ts';

interface Described {
  readonly nodes: readonly { readonly id: string; readonly live: boolean }[];
  readonly names: { readonly combiner?: string };
}

/** As the node sees the cluster; undefined: it doesn't answer. */
async function describedBy(url: string): Promise<Described | undefined> {
  try {
    const { status, body } = await httpCall('GET', `${url}/-/cluster`, { timeoutMs: 2000 });
    return status === 200 ? JSON.parse(body.toString()) : undefined;
  } catch {
    return undefined;
  }
}

/** Each of the processes runs, each node takes all for alive, each member has a leader. */
export async function allLive(cluster: LocalCluster): Promise<void> {
  await until('all processes live', async () => {
    if (cluster.names.some((name) => findProcess(cluster.data, name)?.state !== 'running')) {
      return undefined;
    }
    const views = await Promise.all([...cluster.nodeUrls.values()].map(describedBy));
    const nodes = cluster.nodeUrls.size;
    const seen = views.every((view) => view?.nodes.filter(({ live }) => live).length === nodes);
    if (!seen) return undefined;
    const healths = await Promise.all([...cluster.etcdUrls.values()].map(isHealthy));
    return healths.every(Boolean) || undefined;
  });
}

/**
 * Brings all back after some were ended or stopped: wakes the stopped, starts the dead, and waits
 * until they are as they were.
 */
export async function restore(cluster: LocalCluster, harmed: readonly string[]): Promise<void> {
  const stateOf = (name: string) => findProcess(cluster.data, name)?.state;
  for (const name of harmed.filter((one) => stateOf(one) === 'stopped')) {
    cluster.signal(name, 'SIGCONT');
  }
  await cluster.startAgain();
  await allLive(cluster);
}

/** A process that was told to end may take its time. */
export const ended = (cluster: LocalCluster, name: string): Promise<true> =>
  until(`${name} has ended`, async () => !findProcess(cluster.data, name) || undefined);

/** The node that combines, by the word of all who answer. */
export function combinerOf(cluster: LocalCluster): Promise<string> {
  return until('one combiner', async () => {
    const views = await Promise.all([...cluster.nodeUrls.values()].map(describedBy));
    const named = new Set(views.flatMap((view) => (view ? [view.names.combiner] : [])));
    return named.size === 1 ? [...named][0] : undefined;
  });
}

/** The etcd member that leads. */
export function etcdLeaderOf({ etcdUrls }: LocalCluster): Promise<string> {
  return until('a leader of etcd', async () => {
    for (const [name, url] of etcdUrls) {
      const text = await textAt(`${url}/metrics`);
      if (/^etcd_server_is_leader 1$/m.test(text)) return name;
    }
    return undefined;
  });
}

const isHealthy = async (url: string): Promise<boolean> =>
  /"health"\s*:\s*"?true/.test(await textAt(`${url}/health`));

async function textAt(url: string): Promise<string> {
  try {
    return (await httpCall('GET', url, { timeoutMs: 2000 })).body.toString();
  } catch {
    return '';
  }
}
