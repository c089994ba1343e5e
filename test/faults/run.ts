/**
 * `npm run faults -- [--only name] [--seed N] [--long] [--record]`: real processes under real
 * faults. Ends with 1 if a promise broke or a run was void; keeps what it found if told to.
 */
import { parseArgs } from 'node:util';
import { commitNow, thisMachine } from '../../experiment/data-file.ts';
import { newSeed } from '../support/seeded-random.ts';
import { merged, readRecord, writeRecord } from './record.ts';
import { runAll } from './run-all.ts';
import type { ScenarioResult } from './scenario.ts';
import { scenarios } from './scenarios/register.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seed: { type: 'string', default: String(newSeed()) },
    long: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
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
if (values.record) {
  const when = { at: new Date().toISOString(), commit: commitNow(), machine: thisMachine() };
  const names = scenarios.map(({ name }) => name);
  writeRecord(merged(readRecord() ?? [], results, when, names));
}
const isWell = results.every(({ verdict }) => verdict === 'kept' || verdict === 'skipped');
process.exit(isWell ? 0 : 1);
