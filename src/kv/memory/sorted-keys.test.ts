import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { SortedKeys } from './sorted-keys.ts';

it('is a sorted set, whatever is added and deleted', () => {
  const changes = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 4000 })), {
    minLength: 500,
    maxLength: 3000,
    size: 'max',
  });
  fc.assert(
    fc.property(changes, (steps) => {
      const sorted = new SortedKeys();
      const model = new Set<string>();
      for (const [deleted, number] of steps) {
        const key = String(number);
        if (deleted) sorted.delete(key);
        else sorted.add(key);
        if (deleted) model.delete(key);
        else model.add(key);
      }
      assert.deepEqual([...sorted.between('0', 'z')], [...model].sort());
      const middle = [...model].sort().filter((key) => key >= '2' && key < '3');
      assert.deepEqual([...sorted.between('2', '3')], middle);
    }),
    { numRuns: 20, seed: 1 },
  );
});
