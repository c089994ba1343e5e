/**
 * `npm run faults -- [--only name] [--seed N] [--long]`: real processes under real faults. Ends
 * with 1 if a promise broke or a run was void; writes what it found to `results/latest.json`.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { newSeed } from '../support/seeded-random.ts';
import { runAll } from './run-all.ts';
import type { ScenarioResult } from './scenario.ts';
import { scenarios } from './scenarios/register.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seed: { type: 'string', default: String(newSeed()) },
    long: { type: 'boolean', default: false },
  },
});

const chosen = scenarios.filter(({ name, form }) =>
  values.only === undefined ? values.long || form === 'short' : name === values.only,
);
if (chosen.length === 0) {
  const known = scenarios.map(({ name, title }) => `${name}: ${title}`).join('\n');
  process.stderr.write(`there is no scenario ${values.only}; there are\n${known}\n`);
  process.exit(1);
}

const lineOf = (result: ScenarioResult): string => {
  const { scenario, verdict, operations, acknowledged, unknown, lost, wrong } = result;
  const figures = `${operations} operations, ${acknowledged} acknowledged, ${unknown} unknown`;
  const harm = `${lost} lost, ${wrong} wrong, stall ${result.longestStallMs} ms`;
  const why = result.reason === undefined ? '' : `\n  ${result.reason.replaceAll('\n', '\n  ')}`;
  return `${scenario.padEnd(24)} ${verdict.padEnd(8)} ${figures}; ${harm}${why}\n`;
};

const seed = Number(values.seed);
process.stderr.write(`seed ${seed}\n`);
const results = await runAll(chosen, seed);
for (const result of results) process.stdout.write(lineOf(result));
const folder = path.join(import.meta.dirname, 'results');
const report = {
  date: new Date().toISOString(),
  machine: {
    cores: os.availableParallelism(),
    memoryMib: Math.round(os.totalmem() / 1024 ** 2),
    kernel: os.release(),
    node: process.version,
  },
  command: `npm run faults -- --seed ${seed}${values.long ? ' --long' : ''}`,
  results,
};
if (values.only === undefined) {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'latest.json'), `${JSON.stringify(report, undefined, 2)}\n`);
}
const isWell = results.every(({ verdict }) => verdict === 'kept' || verdict === 'skipped');
process.exit(isWell ? 0 : 1);
