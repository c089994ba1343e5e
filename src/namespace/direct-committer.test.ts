import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { DftfsError, isCode } from '#base/errors.ts';
import type { OperationId } from '#base/ids.ts';
import { createNodeWorld } from '#io/node/world.ts';
import type { Kv, Txn } from '#kv/kv.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { operationKey } from '#protocol/keys.ts';
import { InterruptedKv } from '../../test/support/interrupted-kv.ts';
import { isApplied, put, SleepClock } from '../../test/support/names-fixture.ts';
import type { WriteRequest } from './committer.ts';
import { DirectCommitter } from './direct-committer.ts';

const options = { timeoutMs: 4000 };
const operation = 'operation' as OperationId;
const value = Buffer.from('value');
const createIt: WriteRequest = {
  operation,
  txn: {
    compare: [{ start: 'k', field: 'version', relation: '=', value: 0 }],
    then: [{ kind: 'put', key: 'k', value }],
    else: [{ kind: 'range', start: 'k' }],
  },
  marker: 'always',
};
/** The same, whose effect shows under another key too. */
const traced: WriteRequest = {
  ...createIt,
  txn: { ...createIt.txn, then: [...createIt.txn.then, { kind: 'put', key: 't', value }] },
  marker: 'direct',
  traces: [{ start: 't', field: 'version', relation: '=', value: 0 }],
};

let kv: Kv;
beforeEach(() => {
  kv = new MemoryKv(createNodeWorld());
});

const committerOver = (over: Kv): DirectCommitter => {
  const time = new SleepClock();
  return new DirectCommitter({ kv: over, timers: time, clock: time });
};

test('a write leaves its marker, and its results are those of the request alone', async () => {
  const result = await committerOver(kv).write(createIt, options);
  assert.ok(!result.earlier && result.succeeded);
  assert.deepEqual(result.results, [{ kind: 'put' }]);
  assert.equal((await kv.get('k', options))?.modRevision, result.revision);
  assert.ok(await isApplied(kv, operation));
});

test('a refused write shows what its else reads, and leaves nothing', async () => {
  await put(kv, 'k', Buffer.from('other'));
  const result = await committerOver(kv).write(createIt, options);
  assert.ok(!result.earlier && !result.succeeded);
  const [range] = result.results;
  assert.ok(range?.kind === 'range' && range.entries[0]?.value.toString() === 'other');
  assert.equal(result.results.length, 1);
  assert.equal(await isApplied(kv, operation), false);
});

test('sent again, an applied write is told so', async () => {
  await committerOver(kv).write(createIt, options);
  assert.deepEqual(await committerOver(kv).write(createIt, options), { earlier: true });
});

test('an earlier try that left no marker is known by its traces', async () => {
  await kv.txn(traced.txn, options);
  const again = { ...options, maybeSent: true };
  assert.deepEqual(await committerOver(kv).write(traced, again), { earlier: true });
  assert.equal(await isApplied(kv, operation), false);
});

test('a refusal after an open try holds against that try, whichever way it went', async () => {
  await put(kv, 'k', Buffer.from('other'));
  const again = { ...options, maybeSent: true };
  const refused = await committerOver(kv).write(traced, again);
  assert.ok(!refused.earlier && !refused.succeeded);
  await kv.txn({ compare: [], then: [{ kind: 'delete', start: 'k' }], else: [] }, options);
  const combined: Txn = {
    ...traced.txn,
    compare: [
      ...traced.txn.compare,
      { start: operationKey(operation), field: 'version', relation: '=', value: 0 },
    ],
  };
  assert.equal((await kv.txn(combined, options)).succeeded, false);
  const later = await committerOver(kv).write(traced, again);
  assert.ok(!later.earlier && !later.succeeded, 'what was refused stays refused');
});

test('a full engine is told at once, and leaves the outcome open', async () => {
  const full = { txn: () => Promise.reject(new DftfsError('names_full', 'No space.')) };
  const time = new SleepClock();
  const committer = new DirectCommitter({ kv: full, timers: time, clock: time });
  await assert.rejects(committer.write(createIt, options), (error) => isCode(error, 'names_full'));
  assert.equal(time.now(), 0);
});

test('a caller that has gone stops a write that was not sent, and no other', async () => {
  const signal = AbortSignal.abort();
  await assert.rejects(
    committerOver(kv).write(createIt, { ...options, signal }),
    (error) => isCode(error, 'canceled') && error.outcome === 'none',
  );
  await assert.rejects(
    committerOver(kv).read([{ kind: 'range', start: 'k' }], { ...options, signal }),
    (error) => isCode(error, 'canceled'),
  );
  assert.equal(await kv.get('k', options), undefined);

  const controller = new AbortController();
  const { kv: lossy } = new InterruptedKv(kv, {
    before: () => controller.abort(),
    fate: (n) => (n === 0 ? 'lose reply' : 'pass'),
  });
  const write = committerOver(lossy).write(createIt, { ...options, signal: controller.signal });
  assert.deepEqual(await write, { earlier: true });
});

test('reads are tried again until the time is over, which is no longer than allowed', async () => {
  let calls = 0;
  const time = new SleepClock();
  const flaky = {
    txn: (txn: Txn) => {
      calls++;
      if (calls % 3 !== 0) throw new DftfsError('names_unavailable', 'm2 does not answer.');
      return kv.txn(txn, options);
    },
  };
  const committer = new DirectCommitter({ kv: flaky, timers: time, clock: time });
  const [range] = await committer.read([{ kind: 'range', start: 'k' }], options);
  assert.deepEqual(range, { kind: 'range', entries: [], more: false });
  const dead = {
    txn: () => Promise.reject(new DftfsError('names_unavailable', 'm2 does not answer.')),
  };
  const before = time.now();
  await assert.rejects(
    new DirectCommitter({ kv: dead, timers: time, clock: time }).read([], options),
    (error) => isCode(error, 'names_unavailable') && error.message.includes('m2'),
  );
  assert.equal(time.now() - before, options.timeoutMs);
});
