import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clock, count, counted, percent, size, time } from './figures.ts';

test('numbers read as people say them', () => {
  assert.equal(count(1234567.4), '1,234,567');
  assert.equal(counted(1, 'node'), '1 node');
  assert.equal(counted(0, 'process', 'processes'), '0 processes');
  assert.deepEqual([time(6.4), time(999.4), time(1234)], ['6 ms', '999 ms', '1.2 s']);
  assert.deepEqual([clock(0), clock(65_900), clock(-3)], ['0:00', '1:05', '0:00']);
  assert.deepEqual(
    [size(1), size(8.24e6), size(83.4e6), size(2.5e9)],
    ['1 kB', '8.2 MB', '83 MB', '2.5 GB'],
  );
  assert.equal(percent(0.999), '99 %');
});
