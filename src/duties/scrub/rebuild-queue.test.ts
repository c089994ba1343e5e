import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shardKey } from '../../../test/support/shard-bench.ts';
import { RebuildQueue } from './rebuild-queue.ts';

const held = (number: number) => ({ key: shardKey(number), length: number });

test('gives each shard once, the oldest first, and counts what finds no room', () => {
  const queue = new RebuildQueue(3);
  for (const number of [1, 2, 2, 1, 3, 4, 5, 3]) queue.add(held(number));
  assert.deepEqual([queue.size, queue.overflowed], [3, 2]);
  assert.deepEqual(queue.take(2), [held(1), held(2)]);
  queue.add(held(1));
  assert.deepEqual(queue.take(10), [held(3), held(1)]);
  assert.deepEqual([queue.take(10), queue.size], [[], 0]);
});
