/** Seeds as a test: none may fail, and together they must have been worth the time. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { simulate } from './simulate.ts';
import { emptyTally, sumOf, tallyOf, tallyText } from './tally.ts';

const operationsPerSeedMin = 100;
/** A run of the longest kind, whose paths are all one tangle, may be too much for the judge. */
const undecidedShareMax = 0.03;

export async function checkSeeds(context: TestContext, from: number, to: number): Promise<void> {
  let tally = emptyTally;
  for (let seed = from; seed <= to; seed++) {
    const outcome = await simulate(seed);
    const shown = outcome.failures.map(({ kind, detail }) => `${kind}: ${detail}`).join('\n');
    assert.equal(shown, '', `see it again: npm run sim -- --seed ${seed} --log`);
    tally = sumOf(tally, tallyOf(outcome));
  }
  context.diagnostic(tallyText(tally));
  assert.ok(tally.operations > tally.seeds * operationsPerSeedMin);
  assert.ok(tally.undecided < tally.operations * undecidedShareMax);
  assert.ok(Object.values(tally.faults).reduce((sum, count) => sum + count, 0) > tally.seeds);
}
