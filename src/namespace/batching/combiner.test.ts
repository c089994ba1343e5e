import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DftfsError, isCode } from '#base/errors.ts';
import type { OperationId } from '#base/ids.ts';
import { createNodeTimers } from '#io/node/timers.ts';
import type { Compare, Kv, KvOp, RangeOp, Txn, TxnResult } from '#kv/kv.ts';
import { prefixSpan } from '#kv/kv.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { ManualTime } from '../../../test/support/manual-time.ts';
import type { WriteRequest, WriteResult } from '../committer.ts';
import { Combiner, type CombinerOptions, combinerDefaults } from './combiner.ts';

const inTime = { timeoutMs: 1000 };
const none = Buffer.alloc(0);

const newKv = () =>
  new MemoryKv({ clock: { now: () => 0, wall: () => 0 }, timers: createNodeTimers() });

async function allUnder(kv: Pick<Kv, 'range'>, prefixes: readonly string[]) {
  const pages = prefixes.map((prefix) => kv.range({ ...prefixSpan(prefix), limit: 1000 }, inTime));
  return (await Promise.all(pages)).flatMap(({ entries }) => entries);
}

/** A kv whose transactions wait, once held, until they are let go. */
class GatedKv implements Pick<Kv, 'txn'> {
  readonly inner = newKv();
  readonly seen: Txn[] = [];
  #gate = Promise.resolve();

  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  async txn(txn: Txn): Promise<TxnResult> {
    this.seen.push(txn);
    await this.#gate;
    return this.inner.txn(txn, inTime);
  }
}

function setUp(options: Partial<CombinerOptions> = {}) {
  const kv = new GatedKv();
  const time = { ms: 0 };
  const clock = { now: () => time.ms, wall: () => 0 };
  const deps = { kv, clock, timers: createNodeTimers() };
  return { kv, time, combiner: new Combiner(deps, { ...combinerDefaults, ...options }) };
}

let operations = 0;
const newOperation = () => `operation-${++operations}` as OperationId;
const absent = (start: string): Compare => ({ start, field: 'version', relation: '=', value: 0 });
const put = (key: string, value = none): KvOp => ({ kind: 'put', key, value });
const get = (start: string): RangeOp => ({ kind: 'range', start });

function creating(key: string, marker: WriteRequest['marker'] = 'direct'): WriteRequest {
  return {
    operation: newOperation(),
    marker,
    txn: { compare: [absent(key)], then: [put(key)], else: [get(key)] },
  };
}

const nestedCount = ({ then }: Txn) => then.filter(({ kind }) => kind === 'txn').length;

test('what arrives while a transaction is under way shares the next', async () => {
  const { kv, combiner } = setUp();
  const letGo = kv.hold();
  const first = combiner.write(creating('f//1'), inTime);
  await Promise.resolve();
  const others = ['f//2', 'f//3', 'f//1'].map((key) => combiner.write(creating(key), inTime));
  letGo();
  const results = await Promise.all([first, ...others]);
  assert.deepEqual(
    results.map((result) => !result.earlier && result.succeeded),
    [true, true, true, false],
  );
  assert.deepEqual(kv.seen.map(nestedCount), [0, 3]);
});

test('reads travel apart from writes and get what they asked for', async () => {
  const { kv, combiner } = setUp();
  await kv.inner.txn(
    { compare: [], then: [put('f//1'), put('f//2'), put('f//3')], else: [] },
    inTime,
  );
  const [one, two, written, all] = await Promise.all([
    combiner.read([get('f//1')], inTime),
    combiner.read([get('f//3'), get('f//4')], inTime),
    combiner.write(creating('f//5'), inTime),
    combiner.read([{ kind: 'range', ...prefixSpan('f/'), limit: 2, keysOnly: true }], inTime),
  ]);
  const keys = (results: typeof one) => results.map(({ entries }) => entries.map(({ key }) => key));
  assert.deepEqual(keys(one), [['f//1']]);
  assert.deepEqual(keys(two), [['f//3'], []]);
  assert.deepEqual(keys(all), [['f//1', 'f//2']]);
  assert.equal(all[0]?.more, true);
  assert.equal(written.earlier, false);
  assert.equal(kv.seen.length, 2);
  const ofReads = kv.seen.find(({ compare }) => compare.length === 0);
  assert.deepEqual(
    ofReads?.then.map(({ kind }) => kind),
    ['range', 'range', 'range', 'range'],
  );
});

test('a marker is put only where asked for, and bars the operation', async () => {
  const { kv, combiner } = setUp();
  const marked = creating('f//1', 'always');
  const unmarked = creating('f//2');
  const done = await Promise.all([marked, unmarked].map((it) => combiner.write(it, inTime)));
  for (const result of done) {
    assert.deepEqual(result.earlier ? [] : result.results, [{ kind: 'put' }]);
  }
  const { entries } = await kv.inner.range({ ...prefixSpan('o/'), limit: 10 }, inTime);
  assert.deepEqual(
    entries.map(({ key }) => key),
    [`o/${marked.operation}`],
  );
  const barred = creating('f//3');
  await kv.inner.txn({ compare: [], then: [put(`o/${barred.operation}`)], else: [] }, inTime);
  const result = await combiner.write(barred, inTime);
  assert.equal(!result.earlier && result.succeeded, false);
});

test('those that want the same name go one after another, in order', async () => {
  const { kv, combiner } = setUp({ passedOverMax: 100 });
  const letGo = kv.hold();
  const settled: number[] = [];
  const racers = Array.from({ length: 5 }, async (_, i) => {
    const result = await combiner.write(creating('f//same'), inTime);
    settled.push(i);
    return !result.earlier && result.succeeded;
  });
  letGo();
  assert.deepEqual(await Promise.all(racers), [true, false, false, false, false]);
  assert.deepEqual(settled, [0, 1, 2, 3, 4]);
  assert.equal(kv.seen.length, 5);
});

test('two combiners at a time: still one winner for each name', async () => {
  const { kv, combiner } = setUp();
  const clock = { now: () => 0, wall: () => 0 };
  const other = new Combiner({ kv, clock, timers: createNodeTimers() });
  const names = Array.from({ length: 20 }, (_, i) => `f//${i}`);
  for (const name of names) {
    const racers = [combiner, other, combiner, other].map((it) =>
      it.write(creating(name), inTime).catch(() => undefined),
    );
    const results = await Promise.all(racers);
    const winners = results.filter((result) => result?.earlier === false && result.succeeded);
    assert.equal(winners.length, 1, name);
  }
});

test('one that waits too long for a name is given back undone', async () => {
  const { kv, combiner } = setUp({ passedOverMax: 1 });
  const racers = [1, 2, 3, 4].map(() => combiner.write(creating('f//same'), inTime));
  const outcomes = await Promise.allSettled(racers);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'rejected'],
  );
  for (const outcome of outcomes.slice(2)) assertNotDone(outcome, 'overloaded');
  assert.equal(kv.seen.length, 2);
});

function assertNotDone(
  outcome: PromiseSettledResult<unknown> | undefined,
  code: 'overloaded' | 'deadline_exceeded',
) {
  assert(outcome?.status === 'rejected' && isCode(outcome.reason, code), 'another outcome');
  assert.equal(outcome.reason.outcome, 'none');
}

test('a full queue refuses', async () => {
  const { kv, combiner } = setUp({ queueMax: 2 });
  const letGo = kv.hold();
  const first = combiner.write(creating('f//1'), inTime);
  await Promise.resolve();
  const rest = ['f//2', 'f//3', 'f//4'].map((key) => combiner.write(creating(key), inTime));
  assert.deepEqual(combiner.queued, { reads: 0, writes: 2 });
  letGo();
  await first;
  const outcomes = await Promise.allSettled(rest);
  assertNotDone(outcomes[2], 'overloaded');
  assert.deepEqual([outcomes[0]?.status, outcomes[1]?.status], ['fulfilled', 'fulfilled']);
});

test('what nobody waits for any more never gets into a transaction', async () => {
  const { kv, combiner, time } = setUp();
  const letGo = kv.hold();
  const first = combiner.write(creating('f//1'), inTime);
  await Promise.resolve();
  const canceling = new AbortController();
  const rest = Promise.allSettled([
    combiner.write(creating('f//late'), { timeoutMs: 100 }),
    combiner.write(creating('f//gone'), { ...inTime, signal: canceling.signal }),
    combiner.write(creating('f//here'), inTime),
  ]);
  time.ms = 100;
  canceling.abort();
  letGo();
  await first;
  const outcomes = await rest;
  assertNotDone(outcomes[0], 'deadline_exceeded');
  assertNotDone(outcomes[1], 'deadline_exceeded');
  assert.equal(outcomes[2]?.status, 'fulfilled');
  const left = await allUnder(kv.inner, ['f/']);
  assert.deepEqual(
    left.map((entry) => entry.key),
    ['f//1', 'f//here'],
  );
});

test('an error is that of every member, and the lane goes on', async () => {
  for (const code of ['outcome_unknown', 'names_unavailable'] as const) {
    const { kv, combiner } = setUp();
    const txn = kv.txn;
    kv.txn = async () => {
      kv.txn = txn;
      throw new DftfsError(code, 'planted');
    };
    const pair = ['f//1', 'f//2'].map((key) => combiner.write(creating(key), inTime));
    for (const outcome of await Promise.allSettled(pair)) {
      assert(outcome.status === 'rejected' && isCode(outcome.reason, code), code);
    }
    const after: WriteResult = await combiner.write(creating('f//3'), inTime);
    assert.equal(!after.earlier && after.succeeded, true);
  }
});

// Random operations on few keys: batches must do what the operations would one by one.
const keys = ['f//a', 'f//b', 'b/x/a', 'b/x/b', 'v/1'];
const key = fc.constantFrom(...keys);
const span = fc.oneof(
  key.map((start): { start: string; end?: string } => ({ start })),
  fc.constantFrom(prefixSpan('b/x/'), prefixSpan('f/')),
);
const randomTxn = fc.record({
  compare: fc.array(
    fc
      .tuple(span, fc.constantFrom('=' as const, '>' as const))
      .map(([where, relation]): Compare => ({ ...where, field: 'version', relation, value: 0 })),
    { maxLength: 2 },
  ),
  then: fc
    .uniqueArray(key, { maxLength: 2 })
    .chain((some) =>
      fc.tuple(
        ...some.map((it) =>
          fc.boolean().map((puts): KvOp => (puts ? put(it) : { kind: 'delete', start: it })),
        ),
      ),
    ),
  else: fc.array(
    span.map((where): RangeOp => ({ kind: 'range', ...where, limit: 3 })),
    {
      maxLength: 1,
    },
  ),
});

/** What doesn't depend on how revisions were dealt out. */
const shown = (result: Pick<TxnResult, 'succeeded' | 'results'>) => [
  result.succeeded,
  result.results.map((it) =>
    it.kind === 'range' ? it.entries.map((entry) => [entry.key, entry.version]) : it,
  ),
];

test('batches do what their operations do one by one in that order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ txn: randomTxn, marked: fc.boolean() }), {
        minLength: 1,
        maxLength: 12,
      }),
      async (some) => {
        const { kv, combiner } = setUp({ operationsMax: 4, passedOverMax: 100 });
        const order: number[] = [];
        const combined = await Promise.all(
          some.map(async ({ txn, marked }, i) => {
            const marker = marked ? 'always' : 'direct';
            const result = await combiner.write({ operation: newOperation(), txn, marker }, inTime);
            order.push(i);
            assert(!result.earlier);
            return shown(result);
          }),
        );
        const alone = newKv();
        for (const i of order) {
          assert.deepEqual(
            combined[i],
            shown(await alone.txn((some[i] as { txn: Txn }).txn, inTime)),
          );
        }
        const state = async (it: MemoryKv) =>
          (await allUnder(it, ['f/', 'b/', 'v/'])).map(({ key: at, version }) => [at, version]);
        assert.deepEqual(await state(kv.inner), await state(alone));
      },
    ),
    { numRuns: 1000 },
  );
});

test('after a shared transaction the lane rests, so that the next one is fuller', async () => {
  const time = new ManualTime();
  const seen: number[] = [];
  const kv = {
    async txn(txn: Txn): Promise<TxnResult> {
      seen.push(txn.then.length);
      await time.timers.sleep(4);
      return newKv().txn(txn, inTime);
    },
  };
  const combiner = new Combiner({ kv, ...time }, combinerDefaults);
  const read = (count: number) => {
    for (let n = 0; n < count; n += 1) void combiner.read([get(`f//${n}`)], inTime);
  };
  read(8);
  await time.advance(5);
  read(1);
  await time.advance(1);
  read(1);
  await time.advance(1);
  assert.deepEqual(seen, [8]);
  await time.advance(5);
  assert.deepEqual(seen, [8, 2]);
});

test('an operation that came alone is followed at once by the next', async () => {
  const time = new ManualTime();
  const seen: number[] = [];
  const kv = {
    async txn(txn: Txn): Promise<TxnResult> {
      seen.push(time.clock.now());
      await time.timers.sleep(4);
      return newKv().txn(txn, inTime);
    },
  };
  const combiner = new Combiner({ kv, ...time }, combinerDefaults);
  const began = time.clock.now();
  void combiner.read([get('f//1')], inTime);
  await time.advance(2);
  void combiner.read([get('f//2')], inTime);
  await time.advance(3);
  assert.deepEqual(seen, [began, began + 4]);
});
