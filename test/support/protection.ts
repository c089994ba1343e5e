/** How safe the files of a local cluster are, by the word of all its nodes that run. */
import { findProcess } from '#app/local/process-record.ts';
import { httpCall } from './http-call.ts';
import type { LocalCluster } from './local-cluster.ts';
import { until } from './until.ts';

/** What a node says of itself and of the cluster at `/-/cluster`; what the tests need of it. */
export interface ClusterView {
  readonly node: string;
  readonly nodes: readonly { readonly id: string; readonly live: boolean }[];
  /** Volumes by the losses that they survive now. */
  readonly volumes: Readonly<Record<string, number>>;
  readonly protection?: { readonly moving: { readonly bytesLeft: number } };
  readonly repair?: { readonly bytesLeft: number; readonly bytesPerSecond: number };
  readonly names: {
    readonly members: readonly {
      readonly endpoint: string;
      readonly leader?: boolean;
      readonly dbBytes?: number;
      readonly dbBytesInUse?: number;
    }[];
  };
  readonly store: {
    readonly shards: number;
    readonly liveBytes: number;
    readonly segmentBytes: number;
  };
}

const viewTimeoutMs = 5000;
const healingMsMax = 600_000;

export async function viewOf(url: string): Promise<ClusterView> {
  const { status, body } = await httpCall('GET', `${url}/-/cluster`, { timeoutMs: viewTimeoutMs });
  if (status !== 200) throw new Error(`/-/cluster answered ${status}: ${body}`);
  return JSON.parse(body.toString());
}

/** Losses that a cluster of so many living nodes is to survive. */
export const marginWanted = (nodes: number): number => (nodes >= 4 ? 2 : 1);

/** Those of `urls` whose processes run. */
export const running = (
  { data }: LocalCluster,
  urls: ReadonlyMap<string, string>,
): [name: string, url: string][] =>
  [...urls].filter(([name]) => findProcess(data, name)?.state === 'running');

export const runningNodes = (cluster: LocalCluster): [name: string, url: string][] =>
  running(cluster, cluster.nodeUrls);

/**
 * Waits until every running node sees all of them alive and every volume as safe as it can be with
 * so many. Returns the milliseconds that it took.
 */
export async function healed(cluster: LocalCluster, patienceMs = healingMsMax): Promise<number> {
  const began = performance.now();
  let last: unknown;
  const look = async () => {
    const nodes = runningNodes(cluster);
    const views = await Promise.all(nodes.map(([, url]) => viewOf(url).catch(String)));
    last = views.map((view) => (typeof view === 'string' ? view : view.volumes));
    const isHealed = (view: ClusterView | string) =>
      typeof view !== 'string' && isSafe(view, nodes.length);
    return (nodes.length > 0 && views.every(isHealed)) || undefined;
  };
  await until('all volumes are safe again', look, patienceMs, () => JSON.stringify(last));
  return performance.now() - began;
}

function isSafe({ nodes, volumes }: ClusterView, running: number): boolean {
  const margins = Object.keys(volumes).filter((margin) => (volumes[margin] ?? 0) > 0);
  const live = nodes.filter(({ live }) => live).length;
  return live === running && margins.every((margin) => Number(margin) >= marginWanted(running));
}
