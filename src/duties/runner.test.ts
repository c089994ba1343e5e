import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { Brake } from './brake.ts';
import type { Duty } from './duty.ts';
import { DutyRunner } from './runner.ts';

const options = {
  ...{ restMax: 4, patientRestMax: 12 },
  ...{ busyPerSecond: 10, windowMs: 1000, pauseMsMax: 2000 },
};

test('the brake is off without clients and on with them', () => {
  let now = 0;
  let requests = 0;
  const brake = new Brake({ now: () => now, wall: () => now }, () => requests, options);
  assert.equal(brake.restMs(100), 0);
  now = 1000;
  requests = 5;
  assert.equal(brake.restMs(100), 200);
  now = 2000;
  requests = 500;
  assert.equal(brake.restMs(100), 400);
  assert.equal(brake.restMs(100, true), 1200);
  assert.equal(brake.restMs(100_000), 2000);
  now = 3000;
  assert.equal(brake.restMs(100), 0);
  assert.equal(brake.restMs(100, true), 0);
});

test('a duty is called while it is busy and after it failed; close waits for its unit', async () => {
  const world = createNodeWorld();
  const brake = new Brake(world.clock, () => 0);
  const enough = Promise.withResolvers<void>();
  let calls = 0;
  let inside = false;
  const duty: Duty = {
    name: 'counting',
    async step() {
      calls += 1;
      inside = true;
      await world.timers.sleep(1);
      inside = false;
      if (calls === 2) throw new Error('once');
      if (calls === 5) enough.resolve();
      return 'busy';
    },
    progress: () => calls,
  };
  const runner = new DutyRunner({ ...world, log: silentLogger, brake }, [duty], { idleMs: 1 });
  runner.start();
  await enough.promise;
  await runner.close();
  assert.equal(inside, false);
  assert.deepEqual(runner.progress(), { counting: calls });
});

test('a duty that has rested is called again at once', async () => {
  const world = createNodeWorld();
  const brake = new Brake(world.clock, () => 0);
  brake.restMs = () => 3600_000;
  const enough = Promise.withResolvers<void>();
  let calls = 0;
  const duty: Duty = {
    name: 'resting',
    async step() {
      calls += 1;
      if (calls === 3) enough.resolve();
      return calls < 3 ? 'rested' : 'busy';
    },
  };
  const runner = new DutyRunner({ ...world, log: silentLogger, brake }, [duty], { idleMs: 1 });
  runner.start();
  await enough.promise;
  await runner.close();
});
