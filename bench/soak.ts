/**
 * `npm run soak -- [--minutes 30] [--seed N]`: random kills, stops and restarts of any process, two
 * at once at most, under load, with every answer checked. Ends with 1 if anything was lost, wrong
 * or kept growing.
 */
import { parseArgs } from 'node:util';
import { followsLoad } from '../test/soak/samples.ts';
import { soak } from '../test/soak/soak.ts';
import { newSeed } from '../test/support/seeded-random.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(newSeed()) },
  },
});

/** What may come on top of the first third's median by the last third's. */
const growthMax = 1.25;
/** So little is nothing, whatever its share. */
const growthUnits = 20;

const began = performance.now();
const say = (line: string) => {
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  process.stderr.write(`${seconds.padStart(5)} s  ${line}\n`);
};

const seconds = Number(values.minutes) * 60;
const { trends, ...counts } = await soak({ seconds, seed: Number(values.seed), say });
process.stdout.write(`${JSON.stringify(counts, undefined, 2)}\n`);
let isFlat = true;
for (const { measure, first, last } of trends) {
  const grows = !followsLoad.has(measure) && last > first * growthMax && last - first > growthUnits;
  isFlat &&= !grows;
  const line = `${measure.padEnd(20)} ${first.toFixed(1)} → ${last.toFixed(1)}`;
  process.stdout.write(`${line}${grows ? '  GROWS' : ''}\n`);
}
process.stdout.write(`0 lost, 0 wrong${isFlat ? '' : ', but not flat'}\n`);
process.exit(isFlat ? 0 : 1);
