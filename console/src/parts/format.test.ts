import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationText, many, rateText, sizeText, spanText } from './format.ts';

test('numbers are short and have their unit', () => {
  assert.deepEqual([0, 1023, 1024, 10_240, 1024 ** 3 * 250].map(sizeText), [
    ...['0 B', '1.0 KiB', '1.0 KiB', '10 KiB', '250 GiB'],
  ]);
  assert.deepEqual([0, 0.25, 12.6, 12_345].map(rateText), ['0', '0.3', '13', '12,345']);
  assert.deepEqual([0.5, 12.3, 1500].map(durationText), ['0.5 ms', '12 ms', '1.5 s']);
  assert.deepEqual([5, 90, 7200, 400_000].map(spanText), ['5 s', '2 min', '2 h', '5 d']);
  assert.deepEqual([many(1, 'node'), many(2, 'node')], ['1 node', '2 nodes']);
});
