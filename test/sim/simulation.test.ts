import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './simulate.ts';

const seeds = 100;
const twice = [1, 2, 3, 5, 8, 13];

test('a seed repeats exactly', async () => {
  for (const seed of twice) {
    const [one, other] = [await simulate(seed), await simulate(seed)];
    assert.equal(one.hash, other.hash, `seed ${seed}`);
    assert.equal(one.events, other.events);
  }
});

test('whatever fails, nothing is lost, and nothing false is said', async (context) => {
  let operations = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const outcome = await simulate(seed);
    const shown = outcome.failures.map(({ kind, detail }) => `${kind}: ${detail}`).join('\n');
    assert.equal(shown, '', `see it again: npm run sim -- --seed ${seed} --log`);
    operations += outcome.operations;
  }
  context.diagnostic(`${seeds} seeds, ${operations} operations`);
  assert.ok(operations > seeds * 100);
});
