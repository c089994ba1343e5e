/**
 * Runs scenarios, those that can share a cluster one after another in a process of their own; one
 * that needs it, in a network of its own. What this machine can't do is skipped, and says why.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { faultKinds } from './faults/register.ts';
import type { GroundName } from './ground/ground.ts';
import { ownNetwork } from './ground/partitions.ts';
import type { Scenario, ScenarioResult } from './scenario.ts';

export interface GroupOrder {
  readonly ground: GroundName;
  readonly names: readonly string[];
  readonly seed: number;
  readonly results: string;
}

const program = path.join(import.meta.dirname, 'run-group.ts');
export const nothingDone = {
  ...{ operations: 0, acknowledged: 0, unknown: 0, readBack: 0, faultsHit: 0 },
  ...{ lost: 0, wrong: 0, longestStallMs: 0, healingMs: 0 },
};

export async function runAll(
  scenarios: readonly Scenario[],
  seed: number,
): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  const able: Scenario[] = [];
  for (const scenario of scenarios) {
    const reason = await whyNot(scenario);
    if (reason === undefined) able.push(scenario);
    else
      results.push({ scenario: scenario.name, seed, verdict: 'skipped', reason, ...nothingDone });
  }
  for (const [ground, group] of groupsOf(able)) {
    results.push(...(await runGroup(ground, group, seed)));
  }
  return scenarios.flatMap(({ name }) => results.find((one) => one.scenario === name) ?? []);
}

async function whyNot({ faults }: Scenario): Promise<string | undefined> {
  for (const { fault } of faults) {
    const reason = await faultKinds[fault.kind].whyNot();
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function groupsOf(scenarios: readonly Scenario[]): [GroundName, Scenario[]][] {
  const groups = new Map<string, [GroundName, Scenario[]]>();
  const groundOf = ({ faults }: Scenario): GroundName =>
    faults.map(({ fault }) => faultKinds[fault.kind].ground).find((one) => one !== 'plain') ??
    'plain';
  const isNetworkUsed = scenarios.some((scenario) => groundOf(scenario) === 'network');
  for (const scenario of scenarios) {
    const own = groundOf(scenario);
    const ground = own === 'plain' && isNetworkUsed ? 'network' : own;
    const key = `${ground} ${JSON.stringify(scenario.shape)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [ground, [scenario]]);
    else group[1].push(scenario);
  }
  return [...groups.values()];
}

async function runGroup(
  ground: GroundName,
  scenarios: readonly Scenario[],
  seed: number,
): Promise<ScenarioResult[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'dftfs-faults-'));
  const results = path.join(folder, 'results.json');
  const order: GroupOrder = { ground, names: scenarios.map(({ name }) => name), seed, results };
  const own = [process.execPath, program, JSON.stringify(order)];
  const enter = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$0" "$@"'];
  const [file = '', ...args] = ground === 'network' ? [...enter, ...own] : own;
  const env = { ...process.env, ...(ground === 'network' ? { [ownNetwork]: '1' } : {}) };
  const child = spawn(file, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise((resolve) => child.once('close', resolve));
  const written = await readFile(results, 'utf8').catch(() => '[]');
  await rm(folder, { recursive: true });
  const found = JSON.parse(written) as ScenarioResult[];
  return scenarios.map(
    ({ name }) =>
      found.find(({ scenario }) => scenario === name) ?? {
        ...{ scenario: name, seed, verdict: 'broken', ...nothingDone },
        reason: `its process ended with ${code} before it was through`,
      },
  );
}
