import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tally } from './tally.ts';

test('requests are counted by what became of them, for the whole run', () => {
  const tally = new Tally(1000);
  for (let n = 1; n <= 100; n++) tally.add(n <= 97 ? 'right' : 'cut', n, 1000);
  tally.add('failed', 5000, 1000);
  assert.deepEqual(tally.counts, { right: 97, cut: 3, failed: 1, wrong: 0 });
  assert.deepEqual(tally.latency(), { p50Ms: 51, p99Ms: 100, longestMs: 5000 });
});

test('moments of half a second, only whole ones, oldest first', () => {
  const tally = new Tally(0);
  tally.add('right', 10, 100);
  tally.add('right', 30, 499);
  tally.add('wrong', 20, 1100);
  tally.mark('kill', 1200);
  tally.add('cut', 700, 1499);
  tally.add('right', 1, 1600);
  const quiet = { perSecond: 0, p99Ms: 0, failed: 0, cut: 0, mark: undefined };
  assert.deepEqual(tally.moments(1999, 10), [
    { ...quiet, perSecond: 4, p99Ms: 30 },
    quiet,
    { perSecond: 4, p99Ms: 700, failed: 1, cut: 1, mark: 'kill' },
  ]);
  assert.deepEqual(tally.moments(1999, 2).length, 2);
  assert.deepEqual(tally.moments(100, 10), []);
});

test('now is the last two seconds', () => {
  const tally = new Tally(0);
  tally.add('right', 5000, 100);
  for (let at = 500; at < 2500; at += 100) tally.add('right', 10, at);
  const now = tally.now(2600);
  assert.deepEqual(now, { perSecond: 10, p50Ms: 10, p99Ms: 10, longestMs: 10 });
});

test('of several events at one time the gravest is shown', () => {
  const tally = new Tally(0);
  for (const kind of ['safe', 'kill', 'return', 'note'] as const) tally.mark(kind, 100);
  assert.equal(tally.moments(600, 1)[0]?.mark, 'kill');
});
