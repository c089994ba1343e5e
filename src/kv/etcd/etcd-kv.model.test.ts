import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { EtcdCluster } from '../../../test/support/etcd-cluster.ts';
import { txnIn } from '../contract/random-txns.ts';
import type { Kv, Txn } from '../kv.ts';
import { MemoryKv } from '../memory/memory-kv.ts';
import { EtcdKv } from './etcd-kv.ts';

const options = { timeoutMs: 5000 };

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
