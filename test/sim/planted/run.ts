/**
 * Hunts the planted bugs: `npm run sim:planted`, `-- --only scrub`, `--seeds 100` at most for each,
 * `--rate` to run all of them and say in how many the bug shows, `--record` to keep the result in
 * the repository.
 */
import { parseArgs } from 'node:util';
import { type Found, hunt } from './hunt.ts';
import { median, recordHunt } from './record.ts';

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

const command = ['npm run sim:planted --', ...process.argv.slice(2)].join(' ');
const options = {
  from: Number(values.from),
  seedsMax: Number(values.seeds),
  untilFound: !values.rate,
};
const all: Found[] = [];
for await (const found of hunt(options, values.only)) {
  all.push(found);
  show(found);
  if (values.record) recordHunt([found], command);
}
const found = all.filter(({ seed }) => seed !== undefined);
const medianSeeds = median(found.map(({ seeds }) => seeds));
print(`planted bugs found: ${found.length}/${all.length}, median ${medianSeeds} seeds`);
process.exitCode = found.length === all.length ? 0 : 1;
