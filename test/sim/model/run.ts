/**
 * Compares the engine of the simulation with etcd for longer: `npm run sim:model`, with
 * `-- --operations 100000`, `--seed N` to see a difference again, `--record` to keep the result.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { thisMachine } from '../../../experiment/data-file.ts';
import { newSeed } from '../../support/seeded-random.ts';
import { commitNow, resultsFolder, today, writeResult } from '../counter.ts';
import { Dice } from '../world/dice.ts';
import { withBothEngines } from './both-engines.ts';
import { replay } from './replay.ts';

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '50000' },
    seed: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const seed = Number(values.seed ?? newSeed());
const operations = Number(values.operations);
print(`seed ${seed}`);
const counts = await withBothEngines(0, (model, real) =>
  replay(model, real, 0, new Dice(seed), operations),
);
const steps = Object.fromEntries([...counts].sort());
print(`${operations} operations, 0 differences: ${JSON.stringify(steps)}`);
if (values.record) {
  const file = path.join(resultsFolder, 'model.json');
  const command = `npm run sim:model -- --seed ${seed} --operations ${operations}`;
  const ran = { commit: commitNow(), day: today(), machine: thisMachine(), command };
  writeResult(file, { ...ran, seed, operations, differences: 0, steps });
}
