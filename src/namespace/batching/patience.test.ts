import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Patience } from './patience.ts';

test('follows what nearly all of the recent answers took, within bounds', () => {
  const patience = new Patience({ minMs: 150, maxMs: 400, factor: 8 });
  const observe = (ms: number, times: number) => {
    for (let i = 0; i < times; i += 1) patience.observe(ms);
  };
  assert.equal(patience.waitMs, 400);
  observe(2, 16);
  assert.equal(patience.waitMs, 150);
  observe(30, 16);
  assert.equal(patience.waitMs, 240);
  observe(100, 16);
  assert.equal(patience.waitMs, 400);
  observe(2, 128);
  assert.equal(patience.waitMs, 150);
});
