import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSeeds } from './check-seeds.ts';
import { simulate } from './simulate.ts';

const twice = [1, 2, 3, 5, 8, 13];

test('a seed repeats exactly, and no two are alike', async () => {
  const hashes = new Set<string>();
  for (const seed of twice) {
    const [one, other] = [await simulate(seed), await simulate(seed)];
    assert.equal(one.hash, other.hash, `seed ${seed}`);
    assert.equal(one.events, other.events);
    hashes.add(one.hash);
  }
  assert.equal(hashes.size, twice.length);
});

test('whatever fails, nothing is lost, and nothing false is said', (context) =>
  checkSeeds(context, 1, 100));
