import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pack, unpack } from 'msgpackr';
import { DftfsError, isCode } from '#base/errors.ts';
import type { OperationId } from '#base/ids.ts';
import type { Compare, KvOp, RangeOp } from '#kv/kv.ts';
import type { WriteRequest, WriteResult } from '../committer.ts';
import {
  decodeBundle,
  decodeReply,
  encodeBundle,
  encodeReply,
  readCodec,
  writeCodec,
} from './wire.ts';

const plain = { noNullPrototype: true } as const;
const text = fc.string({ unit: 'binary' });
const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const bytes = fc.uint8Array().map((array) => Buffer.from(array));
const span = fc.record({ start: text, end: text }, { ...plain, requiredKeys: ['start'] });
const compare = fc
  .tuple(
    span,
    fc.constantFrom(...(['version', 'mod', 'create'] as const)),
    fc.constantFrom(...(['=', '!=', '<', '>'] as const)),
    number,
  )
  .map(([where, field, relation, value]): Compare => ({ ...where, field, relation, value }));
const range = fc
  .tuple(
    span,
    fc.record({ limit: fc.integer({ min: 1 }) }, { ...plain, requiredKeys: [] }),
    fc.boolean(),
  )
  .map(([where, limit, keysOnly]): RangeOp => {
    return { kind: 'range', ...where, ...limit, ...(keysOnly ? { keysOnly } : {}) };
  });
const change = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key: text, value: bytes }, plain),
  span.map((where): KvOp => ({ kind: 'delete', ...where })),
);
const request = fc.record<WriteRequest>(
  {
    operation: text.map((it) => it as OperationId),
    marker: fc.constantFrom('always', 'direct'),
    txn: fc.record(
      {
        compare: fc.array(compare),
        then: fc.array(change),
        else: fc.array(range),
      },
      plain,
    ),
  },
  plain,
);
const entry = fc.record(
  {
    ...{ key: text, value: bytes },
    ...{ createRevision: number, modRevision: number, version: number },
  },
  plain,
);
const rangeResult = fc.record(
  {
    kind: fc.constant('range' as const),
    entries: fc.array(entry),
    more: fc.boolean(),
  },
  plain,
);
const opResult = fc.oneof(
  fc.constant({ kind: 'put' as const }),
  number.map((deleted) => ({ kind: 'delete' as const, deleted })),
  rangeResult,
);
const result = fc.record<WriteResult>(
  {
    succeeded: fc.boolean(),
    results: fc.array(opResult),
    revision: number,
    earlier: fc.constant(false),
  },
  plain,
);

const carried = (head: unknown): unknown => unpack(pack(head));

test('requests and results arrive as they were sent', () => {
  fc.assert(
    fc.property(
      ...([fc.array(request), fc.array(fc.array(range)), fc.array(result)] as const),
      fc.array(fc.array(rangeResult)),
      (writes, reads, written, read) => {
        const arrivedWrites = decodeBundle(
          writeCodec,
          carried(encodeBundle(writeCodec, writes, 7)),
        );
        assert.deepEqual(arrivedWrites, { timeoutMs: 7, operations: writes });
        const arrivedReads = decodeBundle(readCodec, carried(encodeBundle(readCodec, reads, 7)));
        assert.deepEqual(arrivedReads.operations, reads);
        const writeReply = carried(encodeReply(writeCodec, written));
        assert.deepEqual(decodeReply(writeCodec, writeReply, written.length), written);
        const readReply = carried(encodeReply(readCodec, read));
        assert.deepEqual(decodeReply(readCodec, readReply, read.length), read);
      },
    ),
  );
});

test('an error of one operation arrives beside the results of others', () => {
  const error = new DftfsError('overloaded', 'Too many.', { outcome: 'none' });
  const head = carried(encodeReply(readCodec, [[], error]));
  const [fine, failed] = decodeReply(readCodec, head, 2);
  assert.deepEqual(fine, []);
  assert(isCode(failed, 'overloaded'));
  assert.deepEqual([failed.outcome, failed.message], ['none', 'Too many.']);
});

test('what is not a bundle or a reply is refused as such', () => {
  const refused = (decode: () => unknown) => assert.throws(decode, { code: 'invalid_message' });
  const bundles = [
    ...[null, 1, {}, { timeoutMs: 1 }, { timeoutMs: 'x', operations: [] }],
    ...[
      [1],
      [['o', 0]],
      [['o', 0, [], [], [[1, null, 0, 0]]]],
      [['o', 0, [], [[1, null]], []]],
    ].map((operations) => ({ timeoutMs: 1, operations })),
    { timeoutMs: 1, operations: [['o', 0, [['k', null, 99, 0]], [], []]] },
    { timeoutMs: 1, operations: [['o', 0, [['k', 5, 0, 0]], [], []]] },
  ];
  for (const head of bundles) refused(() => decodeBundle(writeCodec, head));
  for (const head of [null, {}, { outcomes: [] }, { outcomes: [[1], [1]] }, { outcomes: [[1]] }]) {
    refused(() => decodeReply(writeCodec, head, 1));
  }
});
