import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plantedBugs } from './bugs.ts';
import type { PlantedBug } from './planted-bug.ts';
import { median, withHunted } from './record.ts';

test('a hunt of some bugs keeps what is known of the others, not of those planted no more', () => {
  const [one, other] = plantedBugs as [PlantedBug, PlantedBug];
  const missed = { seeds: 9, failed: 0, seed: undefined, kind: undefined };
  const hit = { seeds: 4, failed: 1, seed: 4, kind: 'wrong bytes' };
  const gone: PlantedBug = { name: 'planted once', edits: [] };
  const hunts = [gone, other, one].map((bug) => ({ bug, ...missed }));
  const first = withHunted([], hunts, 'a');
  assert.deepEqual(
    first.map(({ name, found }) => [name, found]),
    [
      [one.name, false],
      [other.name, false],
    ],
  );
  const then = withHunted(first, [{ bug: other, ...hit }], 'b');
  assert.deepEqual(
    then.map(({ found, seed, commit }) => [found, seed, commit]),
    [
      [false, undefined, 'a'],
      [true, 4, 'b'],
    ],
  );
});

test('the median of an even number is the lower one', () => {
  assert.deepEqual([median([]), median([7]), median([9, 1, 5, 3])], [undefined, 7, 3]);
});
