import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNodeTimers } from './timers.ts';

const timers = createNodeTimers();

/** Product timers don't keep the process alive, so the test must. */
function awake<T>(promise: Promise<T>): Promise<T> {
  const keeper = setInterval(() => {}, 1_000);
  return promise.finally(() => clearInterval(keeper));
}

test('sleep resolves', async () => {
  await awake(timers.sleep(1));
});

test('sleep ends at once with the reason of its signal', async () => {
  const controller = new AbortController();
  const sleeping = timers.sleep(1e6, controller.signal);
  const reason = new Error('enough');
  controller.abort(reason);
  await assert.rejects(awake(sleeping), reason);
  await assert.rejects(timers.sleep(1e6, controller.signal), reason);
});

test('a canceled timer never runs; a very long one does not run at once', async () => {
  let ran = 0;
  timers.after(1, () => (ran += 1)).cancel();
  const long = timers.after(2 ** 40, () => (ran += 1));
  await awake(timers.sleep(20));
  long.cancel();
  assert.equal(ran, 0);
});
