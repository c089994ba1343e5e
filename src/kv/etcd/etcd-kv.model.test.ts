import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { EtcdCluster } from '../../../test/support/etcd-cluster.ts';
import { revisionBase } from '../eras.ts';
import type { Compare, KeySpan, Kv, KvOp, NestedTxn, Txn } from '../kv.ts';
import { MemoryKv } from '../memory/memory-kv.ts';
import { EtcdKv } from './etcd-kv.ts';

const options = { timeoutMs: 5000 };
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

const txnIn = (era: number): fc.Arbitrary<Txn> =>
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

for (const era of [0, 3]) {
  describe(`MemoryKv against EtcdKv, era ${era}`, () => {
    let cluster: EtcdCluster;
    let etcd: Kv;
    before(async () => {
      cluster = await EtcdCluster.start(1);
      const deps = { ...createNodeWorld(), log: silentLogger };
      etcd = EtcdKv.create(deps, { endpoints: cluster.endpoints, era });
    });
    after(async () => {
      await etcd.close();
      await cluster.stop();
    });

    it('has the same results, revisions and refusals, whatever is done', async () => {
      const memory = new MemoryKv(createNodeWorld(), { era });
      const outcome = (kv: Kv, one: Txn, frees: boolean) =>
        kv
          .txn(one, { ...options, frees })
          .catch((error: { code?: string }) => ({ refused: error.code }));
      const seen = { applied: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(txnIn(era), fc.boolean(), async (one, frees) => {
          const expected = await outcome(etcd, one, frees);
          assert.deepEqual(await outcome(memory, one, frees), expected);
          seen['refused' in expected ? 'refused' : 'applied'] += 1;
          const all = { start: 'k/', end: 'k0', limit: 99 };
          assert.deepEqual(await memory.range(all, options), await etcd.range(all, options));
        }),
        // Both engines keep what earlier runs did, so a failing run can't be repeated smaller.
        { numRuns: 400, endOnFailure: true, seed: 1 },
      );
      assert.ok(seen.applied > 100 && seen.refused > 10, JSON.stringify(seen));
      await memory.close();
    });
  });
}
