/**
 * One scenario on a cluster that stands: load and faults, then peace and a reckoning. It is void if
 * a fault missed or nothing was acknowledged: then it has shown nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { findProcess } from '#app/local/process-record.ts';
import { healed } from '../support/protection.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { checkDurability } from './checks/durability.ts';
import { checkHonesty } from './checks/honesty.ts';
import { checkLeaks } from './checks/leaks.ts';
import { checkOrder } from './checks/order.ts';
import { type Audited, type Found, together } from './checks/verdict.ts';
import { FaultClient } from './clients/fault-client.ts';
import type { Ledger } from './clients/ledger.ts';
import type { Field } from './faults/fault.ts';
import { beginFault } from './faults/register.ts';
import type { Ground } from './ground/ground.ts';
import type { CheckName, Scenario, ScenarioResult, TimedFault } from './scenario.ts';

const unknownShareMax = 0.2;
/** Before the first fault, so that there is something to be lost. */
const warmUpMs = 500;
const shownMax = 5;

export interface ScenarioRun {
  readonly seed: number;
  readonly ground: Ground;
  readonly ledger: Ledger;
}

export async function runScenario(scenario: Scenario, run: ScenarioRun): Promise<ScenarioResult> {
  const { seed, ground, ledger } = run;
  const { cluster } = ground;
  const field = { cluster, ground, random: new SeededRandom(seed) };
  const hits = new Map<TimedFault, number>();
  const began = performance.now();
  await underLoad(scenario, run, async () => {
    await sleep(warmUpMs);
    await Promise.all(scenario.faults.map((timed) => strike(timed, field, hits)));
    await sleep(Math.max(0, began + scenario.workload.lastsMs - performance.now()));
  });
  const longestStallMs = Math.round(ledger.longestStallMs(began, performance.now()));
  const ended = cluster.names.filter((name) => findProcess(cluster.data, name) === undefined);
  if (ended.length > 0) throw new Error(`ended by itself: ${ended}`);
  const healingMs = Math.round(await healed(cluster));
  const audited = { cluster, ledger, doors: [...cluster.nodeUrls.values()] };
  const found: Found[] = [];
  for (const check of scenario.checks) found.push(await checkOf(check, audited));
  const { lost, wrong, readBack } = together(found);
  const why = whyVoid(scenario, ledger, hits);
  const harm = [...lost, ...wrong];
  const isBroken = harm.length > 0;
  const reason = isBroken ? harm.slice(0, shownMax).join('\n') : why;
  return {
    ...{ scenario: scenario.name, seed },
    verdict: isBroken ? 'broken' : why === undefined ? 'kept' : 'void',
    ...(reason === undefined ? {} : { reason }),
    operations: ledger.history.length,
    ...{ acknowledged: ledger.acknowledged, unknown: ledger.unknown, readBack },
    faultsHit: [...hits.values()].filter((count) => count > 0).length,
    ...{ lost: lost.length, wrong: wrong.length, longestStallMs, healingMs },
  };
}

/** Clients work until `harm` is through. */
async function underLoad(
  { workload, faults }: Scenario,
  { seed, ground: { cluster, lossyDoors }, ledger }: ScenarioRun,
  harm: () => Promise<void>,
): Promise<void> {
  const isLossy = faults.some(({ fault }) => fault.kind === 'cut connections');
  const doors = isLossy ? lossyDoors.urls : [cluster.url, ...cluster.nodeUrls.values()];
  const { clients: count, fileBytesMax } = workload;
  let isOver = false;
  const clients = Array.from({ length: count }, async (_, n) => {
    const random = new SeededRandom(seed + 1 + n);
    const client = new FaultClient({ name: `client-${n}`, doors, random, ledger, fileBytesMax });
    while (!isOver) await client.step();
  });
  const harming = harm().finally(() => {
    isOver = true;
  });
  await Promise.allSettled([harming, ...clients]);
  await Promise.all([harming, ...clients]);
}

async function strike(
  timed: TimedFault,
  field: Field,
  hits: Map<TimedFault, number>,
): Promise<void> {
  await sleep(timed.atMs);
  const running = await beginFault(timed.fault, field);
  try {
    await sleep(timed.forMs);
  } finally {
    hits.set(timed, await running.hits());
    await running.undo();
  }
}

async function checkOf(check: CheckName, audited: Audited): Promise<Found> {
  switch (check) {
    case 'durability':
      return checkDurability(audited);
    case 'honesty':
      return checkHonesty(audited);
    case 'linearizability':
      return checkOrder(audited);
    case 'leaks':
      return checkLeaks(audited);
  }
}

function whyVoid(
  { faults, mustMeet = [] }: Scenario,
  { acknowledged, unknown, statuses }: Ledger,
  hits: ReadonlyMap<TimedFault, number>,
): string | undefined {
  const missed = faults.filter((timed) => !hits.get(timed));
  if (missed.length > 0) return `void: ${JSON.stringify(missed[0]?.fault)} missed`;
  if (acknowledged === 0) return 'void: nothing was acknowledged';
  const writes = acknowledged + unknown;
  if (unknown > writes * unknownShareMax) return `void: ${unknown} of ${writes} are unknown`;
  const unmet = mustMeet.find((status) => !statuses.has(status));
  return unmet === undefined ? undefined : `void: no client met ${unmet}`;
}
