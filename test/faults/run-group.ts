/** The process of a group of scenarios: `run-group.ts <order as JSON>`. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { keepLogs } from '../support/local-cluster.ts';
import { Ledger } from './clients/ledger.ts';
import { type Ground, prepareGround } from './ground/ground.ts';
import { type GroupOrder, nothingDone } from './run-all.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario, ScenarioResult } from './scenario.ts';
import { scenarios } from './scenarios/register.ts';

const {
  ground: groundName,
  names,
  seed,
  results,
} = JSON.parse(process.argv[2] ?? '') as GroupOrder;
const done: ScenarioResult[] = [];
let ground: Ground | undefined;

async function run(scenario: Scenario): Promise<ScenarioResult> {
  let ledger: Ledger | undefined;
  try {
    ground ??= await prepareGround(groundName, scenario.shape);
    ledger = new Ledger(`/${scenario.name}-${seed}`);
    const result = await runScenario(scenario, { seed, ground, ledger });
    if (result.verdict === 'kept') return result;
    return { ...result, reason: `${result.reason}\n${await keep(ledger)}` };
  } catch (error) {
    const reason = `${(error as Error).stack}\n${await keep(ledger)}`;
    return { scenario: scenario.name, seed, verdict: 'broken', reason, ...nothingDone };
  }
}

async function keep(ledger: Ledger | undefined): Promise<string> {
  if (ground === undefined || ledger === undefined) return 'There is nothing to be kept.';
  const kept = await keepLogs(ground.cluster);
  const history = ledger.history.map((operation) => JSON.stringify(operation)).join('\n');
  await writeFile(path.join(kept, 'history.jsonl'), history);
  return `The history and the logs of all processes are kept in ${kept}`;
}

/** What broke a cluster, or was void, is followed by a new one. */
async function leaveGround(): Promise<void> {
  const left = ground;
  ground = undefined;
  await left?.release();
}

try {
  for (const name of names) {
    const scenario = scenarios.find((one) => one.name === name);
    if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
    const began = performance.now();
    const result = await run(scenario);
    done.push(result);
    await writeFile(results, JSON.stringify(done));
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    process.stderr.write(`${name}: ${result.verdict} in ${seconds} s\n`);
    if (result.verdict !== 'kept') await leaveGround();
  }
} finally {
  await leaveGround();
}
