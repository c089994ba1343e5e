import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import fc from 'fast-check';
import { createNodeWorld } from '#io/node/world.ts';
import { canWrite } from '../check-arguments.ts';
import { txnIn } from '../contract/random-txns.ts';
import type { Kv, Txn } from '../kv.ts';
import { MemoryKv } from '../memory/memory-kv.ts';
import { LmdbKv } from './lmdb-kv.ts';

const options = { timeoutMs: 30_000 };
const backMax = 20;

it('has the results and the past that MemoryKv has, whatever is done', async (context) => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'dftfs-lmdb-model-'));
  const lmdb = await LmdbKv.open(createNodeWorld(), { folder });
  const memory = new MemoryKv(createNodeWorld());
  context.after(async () => {
    await lmdb.close();
    await fs.rm(folder, { recursive: true });
  });
  const outcome = (kv: Kv, txn: Txn) =>
    kv.txn(txn, options).catch((error: { code?: string }) => ({ refused: error.code }));
  const seen = { applied: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(txnIn(0), { maxLength: 4 }), fc.nat(backMax), async (txns, back) => {
      // Reads may overtake writes that come at the same time.
      const together = async (kv: Kv) => [
        ...(await Promise.all(txns.filter(canWrite).map((txn) => outcome(kv, txn)))),
        ...(await Promise.all(txns.filter((txn) => !canWrite(txn)).map((txn) => outcome(kv, txn)))),
      ];
      const [expected, found] = [await together(memory), await together(lmdb)];
      assert.deepEqual(found, expected);
      for (const one of expected) seen['refused' in one ? 'refused' : 'applied'] += 1;
      const all = { start: 'k/', end: 'k0', limit: 99 };
      assert.deepEqual(await lmdb.range(all, options), await memory.range(all, options));
      const then = { ...all, revision: Math.max(1, memory.revision - back) };
      assert.deepEqual(await lmdb.range(then, options), await memory.range(then, options));
    }),
    // Both keep what earlier runs did, so a failing run can't be repeated smaller.
    { numRuns: 150, endOnFailure: true, seed: 1 },
  );
  assert.ok(seen.applied > 100 && seen.refused > 10, JSON.stringify(seen));
});
