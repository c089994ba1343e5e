/**
 * Hunts the planted bugs: `npm run sim:planted`, `-- --only scrub`, `--seeds 100` at most for each,
 * `--rate` to run all of them and say in how many the bug shows, `--record` to keep the result in
 * the repository.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { commitNow, resultsFolder, today, writeResult } from '../counter.ts';
import { type Found, hunt } from './hunt.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '400' },
    from: { type: 'string', default: '1' },
    only: { type: 'string' },
    rate: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function show({ bug, seeds, failed, seed, kind }: Found): void {
  if (seed === undefined) print(`NOT FOUND in ${seeds} seeds: ${bug.name}`);
  else if (values.rate) print(`in ${failed} of ${seeds} seeds: ${bug.name} (${kind})`);
  else print(`in ${seeds} seeds: ${bug.name} (${kind}, seed ${seed})`);
}

const median = (numbers: readonly number[]): number | undefined =>
  numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)];

const options = {
  from: Number(values.from),
  seedsMax: Number(values.seeds),
  untilFound: !values.rate,
};
const all: Found[] = [];
for await (const found of hunt(options, values.only)) {
  all.push(found);
  show(found);
}
const found = all.filter(({ seed }) => seed !== undefined);
const medianSeeds = median(found.map(({ seeds }) => seeds));
print(`planted bugs found: ${found.length}/${all.length}, median ${medianSeeds} seeds`);
if (values.record) {
  const bugs = all.map(({ bug: { name }, seeds, failed, seed, kind }) => ({
    ...{ name, found: seed !== undefined, seeds, failed, seed, kind },
  }));
  const summary = { planted: all.length, found: found.length, medianSeeds };
  const when = { commit: commitNow(), day: today(), seedsMax: options.seedsMax };
  writeResult(path.join(resultsFolder, 'planted.json'), { ...when, ...summary, bugs });
}
process.exitCode = found.length === all.length ? 0 : 1;
