/** One run from one seed: faults, then healing, then the audit. */

import type { FileEntry } from '#namespace/records.ts';
import type { Logger } from '#observe/log.ts';
import { silentLogger } from '#observe/log.ts';
import { audit } from './audit.ts';
import { Client } from './client.ts';
import { SimCluster } from './cluster.ts';
import { Nemesis } from './nemesis.ts';
import { type Plan, planOf } from './plan.ts';
import { type Failure, Recorder } from './recorder.ts';
import { Truth } from './truth.ts';
import { Workload } from './workload.ts';
import { Dice } from './world/dice.ts';
import { Scheduler } from './world/scheduler.ts';

export interface Outcome {
  readonly seed: number;
  readonly plan: Plan;
  readonly failures: readonly Failure[];
  readonly operations: number;
  /** Those in histories that took too long to judge. */
  readonly undecided: number;
  readonly answers: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<string, number>;
  readonly exits: readonly string[];
  readonly events: number;
  readonly virtualMs: number;
  readonly hash: string;
}

export interface SimulationOptions {
  /** For a look at one run. */
  readonly log?: (node: string, clock: () => number) => Logger;
}

const startMsMax = 60_000;
const workMsMax = 20 * 60_000;
const convergeMsMax = 5 * 60_000;
const lookEveryMs = 1000;
const scrubMsMax = 60_000;
/** For whatever upkeep might do wrong now. */
const afterDisasterMs = 60_000;

export async function simulate(seed: number, options: SimulationOptions = {}): Promise<Outcome> {
  const scheduler = new Scheduler();
  const recorder = new Recorder(scheduler);
  const plan = planOf(seed);
  const dice = new Dice(seed);
  const log = (node: string) => options.log?.(node, () => scheduler.now) ?? silentLogger;
  const cluster = new SimCluster({ plan, scheduler, dice, recorder, log });
  const nemesis = new Nemesis(cluster, plan, dice.split('nemesis'));
  const fault = (error: unknown) => {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    recorder.fail('unhandled fault', detail);
  };
  scheduler.onFault = fault;
  process.on('unhandledRejection', fault);
  try {
    let isOver = false;
    const story = tell({ plan, dice, scheduler, cluster, nemesis, recorder })
      .catch(fault)
      .finally(() => {
        isOver = true;
      });
    await scheduler.run(() => isOver);
    await story;
  } finally {
    process.off('unhandledRejection', fault);
    for (const node of cluster.nodes) node.kill();
  }
  return {
    ...{ seed, plan, failures: recorder.failures, answers: recorder.answers },
    ...{ operations: recorder.operations, undecided: recorder.undecided },
    ...{ faults: scheduler.trace.faults, exits: recorder.exits },
    ...{ events: scheduler.trace.events, virtualMs: scheduler.now, hash: scheduler.trace.hash },
  };
}

interface Stage {
  readonly plan: Plan;
  readonly dice: Dice;
  readonly scheduler: Scheduler;
  readonly cluster: SimCluster;
  readonly nemesis: Nemesis;
  readonly recorder: Recorder;
}

async function tell(stage: Stage): Promise<void> {
  const { plan, dice, scheduler, cluster, nemesis, recorder } = stage;
  for (const node of cluster.nodes) node.start();
  if (!(await cluster.until(() => cluster.areAllServing, startMsMax))) {
    recorder.fail('no start', 'the nodes did not form a cluster');
    return;
  }
  void nemesis.run();
  const truth = new Truth(cluster);
  void keepLooking(stage, truth);
  const workload = new Workload(plan, scheduler, dice.split('workload'));
  const clientOf = (name: string) => {
    const { nodes } = cluster;
    return new Client(name, { door: cluster, nodes, recorder, truth, dice: dice.split(name) });
  };
  let working = plan.clients;
  for (let number = 1; number <= plan.clients; number++) {
    void workload.run(clientOf(`c${number}`)).finally(() => {
      working -= 1;
    });
  }
  if (!(await cluster.until(() => working === 0, workMsMax))) {
    recorder.fail('hang', 'the clients did not come to an end');
    return;
  }
  await nemesis.healAll();
  const healedAt = scheduler.now;
  if (plan.exceeds) await scheduler.sleep(afterDisasterMs);
  else await heal(stage, truth);
  // Nobody but the scrub looks for what has rotted.
  if (plan.faults.has('bit-rot')) await scheduler.sleep(scrubMsMax);
  // An engine that answers with what was can't be judged by what it answered.
  const judgedFrom = plan.faults.has('stale-reads') ? healedAt : 0;
  const { exceeds } = plan;
  await audit({ cluster, recorder, truth, client: clientOf('auditor'), judgedFrom, exceeds });
}

/**
 * Whatever happens, what has a name is where the names say it is, and what has lost its last one is
 * in the queue of garbage: for a while at least, which is longer than from one look to the next.
 */
async function keepLooking({ plan, scheduler, recorder }: Stage, truth: Truth): Promise<void> {
  let lack: string | undefined;
  let unqueued: string | undefined;
  let before: readonly FileEntry[] = [];
  while (lack === undefined && unqueued === undefined) {
    await scheduler.sleep(lookEveryMs);
    const files = await truth.files();
    unqueued = await truth.unqueuedOf(before, files);
    // Where too much was lost members go on without what nobody has.
    lack = plan.exceeds ? undefined : await truth.lackOf(files);
    before = files;
  }
  if (lack !== undefined) recorder.fail('named and not there', lack);
  if (unqueued !== undefined) recorder.fail('without a name and not garbage', unqueued);
}

/** All that was harmed is made whole by the cluster itself. */
async function heal({ plan, cluster, recorder }: Stage, truth: Truth): Promise<void> {
  let flaw: string | undefined;
  const isWhole = async () => {
    flaw = await truth.flaw(plan.drains);
    return flaw === undefined;
  };
  if (!(await cluster.until(isWhole, convergeMsMax))) recorder.fail('not healed', flaw ?? '');
}
