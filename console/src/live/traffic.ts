/**
 * Rates and latencies from counters: what all nodes together did between two looks. Nodes count
 * since they began, each by its own clock, and a look may repeat what an earlier one said.
 */
import type { ClusterStatus, RequestCounts } from '#client/cluster-status.ts';

/** Latencies are those of the last looks together: a single one may hold a handful of requests. */
const latencyLooks = 10;

export interface Traffic {
  readonly perSecond: number;
  readonly refusedPerSecond: number;
  readonly failedPerSecond: number;
  readonly receivedPerSecond: number;
  readonly sentPerSecond: number;
  /** Undefined: nothing was asked lately. */
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

type Rates = Omit<Traffic, 'p50Ms' | 'p95Ms' | 'p99Ms'>;
type Steps = RequestCounts['durations'];

interface Known {
  readonly counts: RequestCounts;
  readonly rates: Rates;
}

const still: Rates = {
  ...{ perSecond: 0, refusedPerSecond: 0, failedPerSecond: 0 },
  ...{ receivedPerSecond: 0, sentPerSecond: 0 },
};

export class TrafficMeter {
  #known = new Map<string, Known>();
  #looks: Steps[] = [];

  /** Undefined at the first look: there is nothing to compare with. */
  look({ nodes }: Pick<ClusterStatus, 'nodes'>): Traffic | undefined {
    const isFirst = this.#known.size === 0;
    const fresh: Steps[] = [];
    const known = new Map<string, Known>();
    for (const { id, requests } of nodes) {
      const before = this.#known.get(id);
      if (requests !== undefined) known.set(id, compared(before, requests, fresh));
      // What a dead node did is over, and it begins at 0 when it comes back.
      else if (before !== undefined) known.set(id, { ...before, rates: still });
    }
    this.#known = known;
    this.#looks = [...this.#looks, fresh.reduce(sumOf, [])].slice(-latencyLooks);
    if (isFirst) return undefined;
    const lately = this.#looks.reduce(sumOf, []);
    return {
      ...[...known.values()].map(({ rates }) => rates).reduce(added, still),
      p50Ms: quantile(lately, 0.5),
      p95Ms: quantile(lately, 0.95),
      p99Ms: quantile(lately, 0.99),
    };
  }

  /** Of one node, at the last look. */
  perSecondOf(node: string): number {
    return this.#known.get(node)?.rates.perSecond ?? 0;
  }
}

function compared(before: Known | undefined, counts: RequestCounts, fresh: Steps[]): Known {
  const seconds = (counts.atMs - (before?.counts.atMs ?? counts.atMs)) / 1000;
  const hasBegunAnew = before !== undefined && counts.count < before.counts.count;
  if (before === undefined || hasBegunAnew || seconds < 0) return { counts, rates: still };
  if (seconds === 0) return before;
  const old = before.counts;
  const rate = (side: Exclude<keyof RequestCounts, 'durations' | 'atMs'>) =>
    (counts[side] - old[side]) / seconds;
  fresh.push(
    counts.durations.map(([limit, count], at) => [limit, count - (old.durations[at]?.[1] ?? 0)]),
  );
  return {
    counts,
    rates: {
      perSecond: rate('count'),
      refusedPerSecond: rate('refused'),
      failedPerSecond: rate('failed'),
      receivedPerSecond: rate('bytesReceived'),
      sentPerSecond: rate('bytesSent'),
    },
  };
}

const added = (a: Rates, b: Rates): Rates => ({
  perSecond: a.perSecond + b.perSecond,
  refusedPerSecond: a.refusedPerSecond + b.refusedPerSecond,
  failedPerSecond: a.failedPerSecond + b.failedPerSecond,
  receivedPerSecond: a.receivedPerSecond + b.receivedPerSecond,
  sentPerSecond: a.sentPerSecond + b.sentPerSecond,
});

const sumOf = (a: Steps, b: Steps): Steps =>
  a.length === 0 ? b : a.map(([limit, count], at) => [limit, count + (b[at]?.[1] ?? 0)]);

/** Inside a step they are taken as spread evenly; beyond the last limit nobody knows how far. */
export function quantile(steps: Steps, part: number): number | undefined {
  const total = steps.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return undefined;
  let left = part * total;
  let from = 0;
  for (const [limit, count] of steps) {
    if (limit === null) return from;
    if (count >= left && count > 0) return from + ((limit - from) * left) / count;
    left -= count;
    from = limit;
  }
  return from;
}
