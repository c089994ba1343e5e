import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deadlines } from './deadlines.ts';
import { pingMethod, type RpcHandler } from './rpc.ts';
import { far, startClient, startPair, until } from './testing/pair.ts';

const soon = { timeoutMs: 10_000 };

/** A handler that works until its signal says stop, and what that signal said. */
function patient() {
  const reasons: unknown[] = [];
  let began = 0;
  const handler: RpcHandler = (_head, _body, { signal }) => {
    began += 1;
    return new Promise((_resolve, reject) => {
      const stop = () => {
        reasons.push(signal.reason.code);
        reject(signal.reason);
      };
      signal.addEventListener('abort', stop);
    });
  };
  return { reasons, began: () => began, handler };
}

test('deadlines fire once each, in time order, and removed ones never', () => {
  let now = 0;
  const set: { at: number; fn: () => void; on: boolean }[] = [];
  const timers = {
    after: (ms: number, fn: () => void) => {
      const entry = { at: now + ms, fn, on: true };
      set.push(entry);
      return {
        cancel: () => {
          entry.on = false;
        },
      };
    },
    sleep: () => Promise.resolve(),
  };
  const deadlines = new Deadlines({ clock: { now: () => now, wall: () => 0 }, timers });
  const fired: number[] = [];
  const entries = [50, 30, 30, 900, 10].map((deadlineAt) => ({
    deadlineAt,
    expire: () => void fired.push(deadlineAt),
  }));
  for (const entry of entries) deadlines.add(entry);
  deadlines.remove(entries[0] as (typeof entries)[0]);
  for (now = 1; now <= 1_000; now += 1) {
    for (const timer of set.filter(({ at, on }) => on && at <= now)) {
      timer.on = false;
      timer.fn();
    }
  }
  assert.deepEqual(fired, [10, 30, 30, 900]);
});

test('a call without an answer ends at its deadline, at both ends', async (t) => {
  const { reasons, handler } = patient();
  const { client } = await startPair(t, { patient: handler });
  await client.call(far, { method: pingMethod, head: 0 }, soon);
  await assert.rejects(client.call(far, { method: 'patient', head: 0 }, { timeoutMs: 30 }), {
    code: 'deadline_exceeded',
    outcome: 'maybe',
  });
  await until(() => reasons.length === 1, 'the handler was told');
  await client.call(far, { method: pingMethod, head: 0 }, soon);
});

test('canceling a call reaches its handler', async (t) => {
  const { reasons, began, handler } = patient();
  const { client } = await startPair(t, { patient: handler });
  const controller = new AbortController();
  const call = client.call(
    far,
    { method: 'patient', head: 0 },
    { ...soon, signal: controller.signal },
  );
  await until(() => began() === 1, 'the handler began');
  controller.abort();
  await assert.rejects(call, { code: 'canceled', outcome: 'maybe' });
  await until(() => reasons.length === 1, 'the handler was told');
  assert.deepEqual(reasons, ['canceled']);
});

test('losing the caller reaches the handler', async (t) => {
  const { reasons, began, handler } = patient();
  const { client } = await startPair(t, { patient: handler });
  const call = client.call(far, { method: 'patient', head: 0 }, soon);
  const ended = assert.rejects(call, { code: 'peer_unreachable' });
  await until(() => began() === 1, 'the handler began');
  client.close();
  await ended;
  await until(() => reasons.length === 1, 'the handler was told');
});

test('a signal asked for late has what happened meanwhile', async (t) => {
  const gate = Promise.withResolvers<void>();
  const aborted: boolean[] = [];
  let began = 0;
  const { client } = await startPair(t, {
    late: async (_head, _body, context) => {
      began += 1;
      await gate.promise;
      aborted.push(context.signal.aborted);
      return { head: 0 };
    },
  });
  const call = client.call(far, { method: 'late', head: 0 }, soon);
  const ended = assert.rejects(call, { code: 'peer_unreachable' });
  await until(() => began === 1, 'the handler began');
  client.drop(far, 'enough');
  await ended;
  await client.call(far, { method: pingMethod, head: 0 }, soon);
  gate.resolve();
  await until(() => aborted.length === 1, 'the handler went on');
  assert.deepEqual(aborted, [true]);
});

test('calls to oneself have deadlines and can be canceled', async (t) => {
  const { reasons, handler } = patient();
  const client = startClient(t, 0, { self: far, local: { patient: handler } });
  const request = { method: 'patient', head: 0 };
  const awake = setInterval(() => {}, 1_000);
  t.after(() => clearInterval(awake));
  await assert.rejects(client.call(far, request, { timeoutMs: 20 }), { code: 'deadline_exceeded' });
  const controller = new AbortController();
  const call = client.call(far, request, { ...soon, signal: controller.signal });
  controller.abort();
  await assert.rejects(call, { code: 'canceled' });
  assert.deepEqual(reasons, ['deadline_exceeded', 'canceled']);
});

test('a call that is over before it begins is never sent', async (t) => {
  let began = 0;
  const count: RpcHandler = async () => {
    began += 1;
    return { head: began };
  };
  const { client } = await startPair(t, { count });
  const request = { method: 'count', head: 0 };
  const signal = AbortSignal.abort();
  await assert.rejects(client.call(far, request, { ...soon, signal }), { code: 'canceled' });
  await assert.rejects(client.call(far, request, { timeoutMs: 0 }), {
    code: 'deadline_exceeded',
    outcome: 'none',
  });
  assert.equal((await client.call(far, request, soon)).head, 1);
});
