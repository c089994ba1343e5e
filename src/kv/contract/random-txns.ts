/** Transactions on a few keys, for runs of two drivers side by side. */
import fc from 'fast-check';
import { revisionBase } from '../eras.ts';
import type { Compare, KeySpan, KvOp, NestedTxn, Txn } from '../kv.ts';

const key = fc.constantFrom('k/a', 'k/b', 'k/b/1', 'k/c', 'k/\ue000', 'k/😀');
const span: fc.Arbitrary<KeySpan> = fc.oneof(
  fc.record({ start: key }),
  fc.record({ start: key, end: key }),
  fc.constant({ start: 'k/', end: 'k0' }),
);

/** Of this era and of former ones. */
const compareIn = (era: number): fc.Arbitrary<Compare> =>
  fc
    .tuple(
      span,
      fc.record({
        field: fc.constantFrom('version', 'mod', 'create'),
        relation: fc.constantFrom('=', '!=', '<', '>'),
        value: fc.oneof(fc.constant(0), fc.nat(4), fc.nat(400)),
      }),
      fc.constantFrom(0, revisionBase(era)),
    )
    .map(([where, rest, base]) => ({ ...where, ...rest, value: rest.value + base }));

const op: fc.Arbitrary<KvOp> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(key, fc.uint8Array({ maxLength: 3 })).map(toPut) },
  { weight: 2, arbitrary: span.map((where): KvOp => ({ kind: 'delete', ...where })) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(span, fc.record({ limit: fc.integer({ min: 1, max: 4 }), keysOnly: fc.boolean() }))
      .map(([where, rest]): KvOp => ({ kind: 'range', ...where, ...rest })),
  },
);

function toPut([name, value]: [string, Uint8Array]): KvOp {
  return { kind: 'put', key: name, value: Buffer.from(value) };
}

export const txnIn = (era: number): fc.Arbitrary<Txn> =>
  fc.letrec<{ txn: Txn; step: KvOp | NestedTxn }>((tie) => ({
    step: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { weight: 4, arbitrary: op },
      { weight: 1, arbitrary: tie('txn').map((inner): NestedTxn => ({ kind: 'txn', ...inner })) },
    ),
    txn: fc.record({
      compare: fc.array(compareIn(era), { maxLength: 2 }),
      then: fc.array(tie('step'), { maxLength: 3 }),
      else: fc.array(tie('step'), { maxLength: 2 }),
    }),
  })).txn;
