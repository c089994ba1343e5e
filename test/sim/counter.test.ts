import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Counter, counted, nextSeed } from './counter.ts';
import { emptyTally, type Tally, tallyText } from './tally.ts';

const tally = (seeds: number, faults: Record<string, number>): Tally => ({
  ...{ ...emptyTally, seeds, operations: 10 * seeds, virtualMs: 3_600_000 * seeds },
  faults,
});

test('runs add up, by commit and in all, and seeds side by side become one range', () => {
  let counter: Counter = { total: emptyTally, commits: [] };
  assert.equal(nextSeed(counter), 1);
  counter = counted(counter, 'a', [1, 10], tally(10, { kill: 3 }));
  counter = counted(counter, 'a', [21, 30], tally(10, { kill: 1, pause: 2 }));
  counter = counted(counter, 'b', [31, 35], tally(5, { reset: 7 }));
  counter = counted(counter, 'a', [11, 20], tally(10, {}));
  const [b, a] = counter.commits;
  assert.deepEqual(a?.ranges, [[1, 30]]);
  assert.deepEqual(b?.ranges, [[31, 35]]);
  assert.equal(a?.operations, 300);
  assert.deepEqual(a?.faults, { kill: 4, pause: 2 });
  assert.equal(counter.total.seeds, 35);
  assert.deepEqual(counter.total.faults, { kill: 4, pause: 2, reset: 7 });
  assert.equal(nextSeed(counter), 36);
});

test('a tally reads as one line', () => {
  assert.match(
    tallyText(tally(1500, { kill: 1200 })),
    /^1,500 seeds · 0 violations · 15,000 operations .* · 62.5 virtual days · faults: 1,200 kill$/,
  );
});
