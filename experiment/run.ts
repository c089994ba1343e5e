/**
 * `npm run experiment [-- --quick] [-- --only a,b,…] [-- --seed N] [-- --out FOLDER]`: measures on
 * real clusters what the report shows, and writes a data file for each part.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { SeededRandom } from '../test/support/seeded-random.ts';
import { availability } from './availability.ts';
import { commitNow, dataFolder, thisMachine, writeDataFile } from './data-file.ts';
import { endpoints } from './endpoints.ts';
import { losses } from './losses.ts';
import type { Part } from './part.ts';
import { recovery } from './recovery.ts';
import { shares } from './shares.ts';
import { stallTimes } from './stall-times.ts';
import { throughput } from './throughput.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    seed: { type: 'string' },
    out: { type: 'string', default: dataFolder },
  },
});

const parts: Readonly<Record<string, Part>> = {
  a: availability,
  b: endpoints,
  c: losses,
  d: shares,
  e: recovery,
  f: stallTimes,
  g: throughput,
};

const letters = values.only === undefined ? Object.keys(parts) : values.only.split(',');
const unknown = letters.find((letter) => parts[letter] === undefined);
if (unknown !== undefined) {
  process.stderr.write(
    `There is no part ${unknown}; there are ${Object.keys(parts).join(', ')}.\n`,
  );
  process.exit(2);
}

const { quick } = values;
const seed = Number(values.seed ?? randomInt(2 ** 31));
const began = performance.now();
const say = (line: string): void => {
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  process.stderr.write(`${seconds.padStart(5)} s  ${line}\n`);
};

async function run(letter: string, part: Part): Promise<void> {
  say(`(${letter}) ${part.title}, seed ${seed}`);
  const start = performance.now();
  const options = { quick, seed, random: new SeededRandom(seed), say };
  const { repetitions, data } = await part.measure(options);
  const flags = [`--only ${letter}`, `--seed ${seed}`, ...(quick ? ['--quick'] : [])];
  const file = writeDataFile(
    part.name,
    {
      part: part.name,
      title: part.title,
      machine: thisMachine(),
      at: new Date().toISOString(),
      commit: commitNow(),
      command: `npm run experiment -- ${flags.join(' ')}`,
      ...{ seed, quick, repetitions, data },
      seconds: Math.round((performance.now() - start) / 1000),
    },
    values.out,
  );
  say(`written to ${file}`);
}

for (const letter of letters) await run(letter, parts[letter] as Part);
