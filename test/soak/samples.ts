/** What the processes of a cluster take, looked at over and over, and whether it grows. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { prefixEnd } from '#kv/kv.ts';
import { prefixes } from '#protocol/keys.ts';
import { httpCall } from '../support/http-call.ts';
import type { LocalCluster } from '../support/local-cluster.ts';
import { viewOf } from '../support/protection.ts';

const measures = [
  'node MiB, mean',
  'node MiB, most',
  'etcd MiB, mean',
  'node handles, most',
  'etcd handles, most',
  'keys in etcd that stay',
  'traces in etcd',
  'etcd database MiB',
  'node disk MiB, all',
] as const;
export type Measure = (typeof measures)[number];
type Sample = Partial<Record<Measure, number>>;

/**
 * Of operations and of removed blobs. They stay for ten minutes, so there are as many as changes in
 * that time: they follow the load, and are no sign of a leak.
 */
const traces = [prefixes.operation, prefixes.garbage];
export const followsLoad: ReadonlySet<Measure> = new Set(['traces in etcd', 'etcd database MiB']);

const MiB = 1024 * 1024;

export interface Trend {
  readonly measure: Measure;
  /** Medians of the first and the last third after the warm-up. */
  readonly first: number;
  readonly last: number;
}

/** A fifth of the time is for warming up. */
export function trends(samples: readonly Sample[]): Trend[] {
  const warm = samples.slice(Math.floor(samples.length / 5));
  const third = Math.ceil(warm.length / 3);
  return measures.map((measure) => ({
    measure,
    first: medianOf(warm.slice(0, third), measure),
    last: medianOf(warm.slice(-third), measure),
  }));
}

function medianOf(samples: readonly Sample[], measure: Measure): number {
  const values = samples.map((sample) => sample[measure]).filter((value) => value !== undefined);
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

export async function takeSamples(
  cluster: LocalCluster,
  everyMs: number,
  end: AbortSignal,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  while (!end.aborted) {
    samples.push(await sampleOf(cluster));
    await sleep(everyMs, undefined, { signal: end }).catch(() => {});
  }
  return samples;
}

async function sampleOf(cluster: LocalCluster): Promise<Sample> {
  const nodes = taken(cluster, [...cluster.nodeUrls.keys()]);
  const members = taken(cluster, [...cluster.etcdUrls.keys()]);
  const views = await Promise.all(
    [...cluster.nodeUrls.values()].map((url) => viewOf(url).catch(() => undefined)),
  );
  const seen = views.filter((view) => view !== undefined);
  const database = Math.max(
    ...seen.flatMap(({ names }) => names.members.map(({ dbBytes = 0 }) => dbBytes)),
  );
  const keys = await keysIn(cluster, '\0', '\0');
  const found = await Promise.all(traces.map((prefix) => keysIn(cluster, prefix)));
  const passing = found.reduce<number>((sum, count) => sum + (count ?? Number.NaN), 0);
  return {
    ...(nodes.length > 0
      ? {
          'node MiB, mean': mean(nodes.map(({ mib }) => mib)),
          'node MiB, most': Math.max(...nodes.map(({ mib }) => mib)),
          'node handles, most': Math.max(...nodes.map(({ handles }) => handles)),
        }
      : {}),
    ...(members.length > 0
      ? {
          'etcd MiB, mean': mean(members.map(({ mib }) => mib)),
          'etcd handles, most': Math.max(...members.map(({ handles }) => handles)),
        }
      : {}),
    ...(keys === undefined || Number.isNaN(passing)
      ? {}
      : { 'keys in etcd that stay': keys - passing, 'traces in etcd': passing }),
    ...(seen.length > 0 ? { 'etcd database MiB': database / MiB } : {}),
    ...(seen.length === views.length
      ? {
          'node disk MiB, all': seen.reduce((sum, { store }) => sum + store.segmentBytes, 0) / MiB,
        }
      : {}),
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of those that live at this moment. */
function taken({ pid }: LocalCluster, names: readonly string[]) {
  return names.flatMap((name) => {
    try {
      const id = pid(name);
      const status = readFileSync(`/proc/${id}/status`, 'utf8');
      // Without the pages of mapped databases, which are the kernel's to keep or drop.
      const mib = Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
      return [{ mib, handles: readdirSync(`/proc/${id}/fd`).length }];
    } catch {
      return [];
    }
  });
}

/** From `start` to before `end`; undefined: no member says. */
async function keysIn(
  { etcdUrls }: LocalCluster,
  start: string,
  end = prefixEnd(start),
): Promise<number | undefined> {
  const [key, range_end] = [start, end].map((text) => Buffer.from(text).toString('base64'));
  const body = JSON.stringify({ key, range_end, count_only: true });
  for (const url of etcdUrls.values()) {
    try {
      const answer = await httpCall('POST', `${url}/v3/kv/range`, { body, timeoutMs: 2000 });
      if (answer.status === 200) return Number(JSON.parse(answer.body.toString()).count ?? 0);
    } catch {}
  }
  return undefined;
}
