import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { spanHas } from '#kv/key-order.ts';
import { type Compare, type KeySpan, type KvOp, prefixSpan, type Txn } from '#kv/kv.ts';
import { type Plannable, planBatch, takeFitting } from './plan-batch.ts';

const keys = [
  'a',
  'b/x/1',
  'b/x/2',
  'b/x/\u{1f600}',
  'b/y/1',
  'f//a',
  'f//a/b',
  'l/n',
  'o/1',
  'o/2',
];
const spans: readonly KeySpan[] = [
  ...['b/x/', 'b/y/', 'b/', 'f//a', 'f//a/', 'o/'].map(prefixSpan),
  { start: 'b/x/1', end: 'b/x/2' },
  { start: 'b/x/2', end: 'b/y/0' },
  { start: 'b/x/\u{e000}', end: 'b/x/\u{1f601}' },
];
const place = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...keys.map((start): KeySpan => ({ start }))) },
  { weight: 1, arbitrary: fc.constantFrom(...spans) },
);
const compare = place.map(
  (span): Compare => ({ ...span, field: 'version', relation: '=', value: 0 }),
);
const change: fc.Arbitrary<KvOp> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(...keys)
      .map((key): KvOp => ({ kind: 'put', key, value: Buffer.alloc(0) })),
  },
  { weight: 1, arbitrary: place.map((span): KvOp => ({ kind: 'delete', ...span })) },
);
const range = place.map((span): KvOp => ({ kind: 'range', ...span, limit: 10 }));
const operation = fc.record<Plannable>({
  txn: fc.record<Txn>({
    compare: fc.array(compare, { maxLength: 3 }),
    then: fc.array(change, { maxLength: 2 }),
    else: fc.array(range, { maxLength: 1 }),
  }),
  bytes: fc.integer({ min: 1, max: 10 }),
});

interface Touch extends KeySpan {
  readonly written: boolean;
}

function touches({ txn }: Plannable): Touch[] {
  const ops = [...txn.then, ...txn.else] as KvOp[];
  return [
    ...txn.compare.map((span) => ({ ...span, written: false })),
    ...ops.map((op) =>
      op.kind === 'put'
        ? { start: op.key, written: true }
        : { ...op, written: op.kind === 'delete' },
    ),
  ];
}

/** Spans meet if one has the other's start: no need to know how the product compares ends. */
const overlap = (a: KeySpan, b: KeySpan) => spanHas(a, b.start) || spanHas(b, a.start);
const meet = (a: Plannable, b: Plannable) =>
  touches(a).some((x) => touches(b).some((y) => (x.written || y.written) && overlap(x, y)));

test('takes exactly those that meet nobody before them, up to the bounds', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 12 }), (queue) => {
      const limits = { operationsMax: 4, bytesMax: 25 };
      const batch: Plannable[] = [];
      const passedOver: Plannable[] = [];
      let next = 0;
      for (; next < queue.length && batch.length < limits.operationsMax; next += 1) {
        const item = queue[next] as Plannable;
        if (queue.slice(0, next).some((earlier) => meet(earlier, item))) passedOver.push(item);
        else {
          const bytes = batch.reduce((sum, other) => sum + other.bytes, item.bytes);
          if (batch.length > 0 && bytes > limits.bytesMax) break;
          batch.push(item);
        }
      }
      assert.deepEqual(planBatch(queue, limits), { batch, passedOver, rest: queue.slice(next) });
    }),
    { numRuns: 3000 },
  );
});

const creating = (path: string): Plannable => ({
  bytes: 100,
  txn: {
    compare: [{ start: `f/${path}`, field: 'version', relation: '=', value: 0 }],
    then: [{ kind: 'put', key: `f/${path}`, value: Buffer.alloc(0) }],
    else: [],
  },
});

test('looks no further than a bound when everybody wants the same name', () => {
  const queue = Array.from({ length: 100 }, () => creating('/same'));
  const plan = planBatch(queue, { operationsMax: 8, bytesMax: 1e6 });
  assert.deepEqual([plan.batch.length, plan.passedOver.length, plan.rest.length], [1, 31, 68]);
});

test('an operation larger than a batch goes alone', () => {
  const queue = [{ ...creating('/big'), bytes: 500 }, creating('/small')];
  const plan = planBatch(queue, { operationsMax: 8, bytesMax: 200 });
  assert.deepEqual([plan.batch, plan.rest], [queue.slice(0, 1), queue.slice(1)]);
  assert.deepEqual(takeFitting(queue, { operationsMax: 8, bytesMax: 200 }), {
    batch: queue.slice(0, 1),
    rest: queue.slice(1),
  });
});

test('reads are taken from the front up to the bounds', () => {
  const queue = [1, 2, 3, 4, 5].map((bytes) => ({ bytes }));
  const taken = (operationsMax: number, bytesMax: number) =>
    takeFitting(queue, { operationsMax, bytesMax }).batch.length;
  assert.equal(taken(3, 100), 3);
  assert.equal(taken(10, 6), 3);
  assert.equal(taken(10, 5), 2);
  assert.equal(taken(10, 100), 5);
});
