/** (g) How many requests a second clients get through, before, during and after a failure. */
import { setTimeout as sleep } from 'node:timers/promises';
import { askInTurn } from '../bench/load/ask-in-turn.ts';
import { nameOf, type Target } from '../bench/stalls.ts';
import { allLive, ended } from '../test/support/cluster-state.ts';
import { type LocalCluster, withLocalCluster } from '../test/support/local-cluster.ts';
import { healed } from '../test/support/protection.ts';
import { type Part, type PartOptions, rounded } from './part.ts';
import { binsOf, type Sample } from './summaries.ts';

const clients = 16;
const bytes = 4096;
const binSeconds = 0.5;
/** Longer than any run: the load ends when it is told to. */
const endlessMs = 600_000;

interface Pace {
  readonly warmUpMs: number;
  readonly beforeMs: number;
  /** Without the node, once all is safe again. */
  readonly withoutMs: number;
  readonly afterMs: number;
}

const pace: Pace = { warmUpMs: 5000, beforeMs: 10_000, withoutMs: 5000, afterMs: 10_000 };
const quickPace: Pace = { warmUpMs: 1000, beforeMs: 3000, withoutMs: 1000, afterMs: 3000 };

async function fail(cluster: LocalCluster, target: Target, pace: Pace) {
  const end = new AbortController();
  const plan = { clients, prefix: `/load/${target}`, bytes };
  const load = askInTurn(cluster.url, plan, performance.now() + endlessMs, end.signal);
  await sleep(pace.warmUpMs);
  const began = performance.now();
  const now = () => rounded((performance.now() - began) / 1000, 2);
  await sleep(pace.beforeMs);
  const name = await nameOf(cluster, target);
  const killedS = now();
  cluster.signal(name, 'SIGKILL');
  await ended(cluster, name);
  await healed(cluster);
  const safeS = now();
  await sleep(pace.withoutMs);
  const startedS = now();
  await cluster.startAgain();
  await allLive(cluster);
  await healed(cluster);
  const wholeS = now();
  await sleep(pace.afterMs);
  const endS = now();
  end.abort();
  const samples = (await load).map(
    ({ endedMs, ms, outcome }): Sample => ({
      ...{ s: (endedMs - began) / 1000, ms, ok: outcome === 'right' },
    }),
  );
  const rate = (from: number, to: number) => {
    const some = samples.filter(({ s, ok }) => ok && s >= from && s < to);
    return rounded(some.length / (to - from));
  };
  const bins = binsOf(samples, binSeconds, endS).map(({ s, count, ok }) => ({
    ...{ s, perSecond: rounded(ok / binSeconds), failed: count - ok },
  }));
  return {
    ...{ target, killedS, safeS, startedS, wholeS, endS, bins },
    failed: samples.filter(({ s, ok }) => s >= 0 && !ok).length,
    before: rate(0, killedS),
    during: rate(killedS, startedS),
    after: rate(wholeS, endS),
  };
}

async function measure({ quick, say }: PartOptions) {
  const targets: readonly Target[] = quick ? ['node'] : ['node', 'leader'];
  const runs: Awaited<ReturnType<typeof fail>>[] = [];
  for (const target of targets) {
    runs.push(await withLocalCluster((cluster) => fail(cluster, target, quick ? quickPace : pace)));
    const { before, during, after } = runs.at(-1) as (typeof runs)[number];
    say(`${target}: ${before} requests a second before, ${during} during, ${after} after`);
  }
  return { repetitions: 1, data: { clients, bytes, binSeconds, runs } };
}

export const throughput: Part = {
  name: 'throughput',
  title: 'requests a second before, during and after a failure',
  measure,
};
