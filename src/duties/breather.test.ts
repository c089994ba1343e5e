import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualTime } from '../../test/support/manual-time.ts';
import { Breather } from './breather.ts';

test('rests are for what was done since the last one, and not at all while none is called for', async () => {
  const time = new ManualTime();
  const { clock, timers } = time;
  const worked: number[] = [];
  let factor = 2;
  const restMs = (ms: number) => {
    worked.push(ms);
    return factor * ms;
  };
  const breather = new Breather({ clock, timers, brake: { restMs }, isPatient: false });
  const { signal } = new AbortController();
  await time.advance(10);
  let isRested = false;
  const resting = breather.rest(signal).then(() => {
    isRested = true;
  });
  await time.advance(19);
  assert.equal(isRested, false);
  await time.advance(1);
  await resting;
  await time.advance(5);
  factor = 0;
  await breather.rest(signal);
  assert.deepEqual(worked, [10, 5]);
});
