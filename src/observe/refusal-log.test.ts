import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Refusal } from './audit-log.ts';
import { RefusalLog, refusalsPerSecondMax } from './refusal-log.ts';

const refusal: Refusal = {
  request: 'ab12-1',
  who: { address: '127.0.0.1', name: 'nobody' },
  operation: 'get',
  method: 'GET',
  path: '/a',
  reason: 'for the test',
  outcome: 'refused',
};

test('so many are told in a second, and how many were not', () => {
  const told: (number | undefined)[] = [];
  let now = 0;
  const lines = { record: (entry: object) => void told.push((entry as Refusal).leftOut) };
  const log = new RefusalLog({ clock: { now: () => now }, lines });
  const record = (times: number) => {
    for (let nth = 0; nth < times; nth++) log.record(refusal);
  };
  record(refusalsPerSecondMax + 5);
  assert.deepEqual(told, Array(refusalsPerSecondMax).fill(undefined));
  now += 999;
  record(2);
  assert.equal(told.length, refusalsPerSecondMax);
  now += 1;
  record(2);
  assert.deepEqual(told.slice(refusalsPerSecondMax), [7, undefined]);
});
