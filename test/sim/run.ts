/**
 * Runs simulations: `npm run sim -- --seeds 2000`, `--from 5000` or where the last count ended,
 * `--seed 42` to see one again, with `--log` to see what its nodes say. `--record` adds what was
 * run to the count that the repository keeps, `--pictures FOLDER` draws violations of histories.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createLogger } from '#observe/log.ts';
import { addToCounter, nextSeed, readCounter } from './counter.ts';
import { type Outcome, simulate } from './simulate.ts';
import { emptyTally, sumOf, type Tally, tallyOf, tallyText } from './tally.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string' },
    seed: { type: 'string' },
    log: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    pictures: { type: 'string' },
  },
});

/** What was run is recorded so often, so that a run that is broken off isn't lost. */
const seedsPerRecord = 100;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function showFailures({ seed, failures }: Outcome): void {
  print(`seed ${seed}: ${failures.length} violations; again: npm run sim -- --seed ${seed} --log`);
  for (const [index, { kind, detail, atMs, drawing }] of failures.entries()) {
    print(`  ${kind} at ${atMs} ms: ${detail}`);
    if (drawing === undefined || values.pictures === undefined) continue;
    mkdirSync(values.pictures, { recursive: true });
    const file = path.join(values.pictures, `seed-${seed}-${index + 1}.svg`);
    writeFileSync(file, drawing);
    print(`  drawn in ${file}`);
  }
}

function showRun({ plan, exits, events, hash, virtualMs, answers }: Outcome): void {
  print(`plan: ${JSON.stringify({ ...plan, faults: [...plan.faults] })}`);
  print(`exits: ${exits.join('; ') || 'none'}`);
  print(`answers: ${JSON.stringify(Object.fromEntries([...answers].sort()))}`);
  print(`trace ${hash}, ${events} events, ${Math.round(virtualMs)} virtual ms`);
}

const logOf = (node: string, now: () => number) =>
  createLogger((line) => print(`${now().toFixed(1)} ${line.trim()}`), now, 'debug', { node });

async function runSeeds(from: number, count: number): Promise<Tally> {
  let tally = emptyTally;
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await simulate(seed, values.log ? { log: logOf } : {});
    tally = sumOf(tally, tallyOf(outcome));
    if (outcome.failures.length > 0) showFailures(outcome);
    if (values.seed !== undefined) showRun(outcome);
  }
  return tally;
}

const first = Number(values.seed ?? values.from ?? (values.record ? nextSeed(readCounter()) : 1));
const last = first + (values.seed === undefined ? Number(values.seeds) : 1) - 1;
const began = performance.now();
let sum = emptyTally;
for (let from = first; from <= last; from += seedsPerRecord) {
  const count = Math.min(seedsPerRecord, last - from + 1);
  const tally = await runSeeds(from, count);
  sum = sumOf(sum, tally);
  if (!values.record) continue;
  const { total } = addToCounter([from, from + count - 1], tally);
  print(
    `seeds ${from} to ${from + count - 1}; in all: ${total.seeds}, ${total.violations} violations`,
  );
}
print(tallyText(sum));
const seconds = (performance.now() - began) / 1000;
print(`${seconds.toFixed(1)} s, ${((seconds * 1000) / sum.seeds).toFixed(0)} ms a seed`);
process.exitCode = sum.violations > 0 ? 1 : 0;
