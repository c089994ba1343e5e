import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binsOf, type Sample, spreadOf } from './summaries.ts';

const sample = (s: number, ms: number, ok = true): Sample => ({ s, ms, ok });

test('a spread tells the times of what succeeded, and counts what failed', () => {
  const times = [5, 1, 3, 2, 4].map((ms) => sample(0, ms));
  const spread = spreadOf([...times, sample(0, 999, false)]);
  assert.deepEqual(spread, { count: 6, failed: 1, p50Ms: 3, p99Ms: 4, longestMs: 5 });
});

test('a spread of nothing has no times', () => {
  const { count, p50Ms, longestMs } = spreadOf([]);
  assert.deepEqual({ count, p50Ms, longestMs }, { count: 0, p50Ms: null, longestMs: null });
});

test('bins take each sample once, and the empty ones stay', () => {
  const bins = binsOf([sample(0, 1), sample(0.5, 2), sample(1.9, 3, false)], 0.5, 2);
  assert.deepEqual(
    bins.map(({ s, count, ok }) => [s, count, ok]),
    [
      [0.25, 1, 1],
      [0.75, 1, 1],
      [1.25, 0, 0],
      [1.75, 1, 0],
    ],
  );
});
