/** Can it see? A front door that lies, and what the checks say of it. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Files } from '#files/files.ts';
import { type MemoryFiles, overriding } from '../support/memory-files.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { testGateway } from '../support/test-gateway.ts';
import { checkDurability } from './checks/durability.ts';
import { checkHonesty } from './checks/honesty.ts';
import { checkOrder } from './checks/order.ts';
import { type Audited, together } from './checks/verdict.ts';
import { FaultClient } from './clients/fault-client.ts';
import { Ledger } from './clients/ledger.ts';
import { LossyDoors } from './ground/lossy-doors.ts';

const steps = 150;
const clientCount = 3;
const once = /\/once\/\d*0$/;

async function auditOf(context: TestContext, wrap?: (files: MemoryFiles) => Files) {
  const { url } = await testGateway(context, wrap ? { wrap } : {});
  const cluster = { url, nodeUrls: new Map() } as unknown as Audited['cluster'];
  const doors = await LossyDoors.before(cluster);
  context.after(() => doors.close());
  doors.lose({ lost: 0.1, reset: 0.1 }, new SeededRandom(1));
  const ledger = new Ledger('/f');
  await Promise.all(
    Array.from({ length: clientCount }, async (_, n) => {
      const random = new SeededRandom(n);
      const deps = { name: `${n}`, doors: doors.urls, random, ledger, fileBytesMax: 100_000 };
      const client = new FaultClient(deps);
      for (let step = 0; step < steps; step++) await client.step();
    }),
  );
  assert.ok(doors.cuts > 0 && ledger.unknown > 0 && ledger.acknowledged > 0);
  const audited = { cluster, ledger, doors: [url] };
  const found = [await checkDurability(audited), await checkHonesty(audited), checkOrder(audited)];
  return together(found);
}

test('of an honest door that loses answers and requests there is nothing to say', async (context) => {
  const { lost, wrong, readBack } = await auditOf(context);
  assert.deepEqual([lost, wrong], [[], []]);
  assert.ok(readBack > 20);
});

test('what was acknowledged and never kept is lost', async (context) => {
  const { lost } = await auditOf(context, (files) =>
    overriding(files, {
      put: async (...given) => {
        const result = await files.put(...given);
        if (once.test(given[0])) files.entries.delete(given[0]);
        return result;
      },
    }),
  );
  assert.ok(lost.length > 0);
});

test('bytes that nobody wrote are wrong', async (context) => {
  const { wrong } = await auditOf(context, (files) =>
    overriding(files, {
      read: async function* (...given) {
        for await (const chunk of files.read(...given)) {
          yield once.test(given[0].path) ? Buffer.alloc(chunk.length, 'x') : chunk;
        }
      },
    }),
  );
  assert.ok(wrong.some((what) => what.includes('other bytes')));
  assert.ok(wrong.some((what) => what.includes('nobody has written')));
});

test('what was removed and stays is back', async (context) => {
  const { wrong } = await auditOf(context, (files) =>
    overriding(files, { remove: async () => ({ removed: 1 }) }),
  );
  assert.ok(wrong.some((what) => what.includes('was removed and is back')));
  assert.ok(wrong.some((what) => what.includes('No order of these operations')));
});

test('a refusal of what is free is a lie', async (context) => {
  let puts = 0;
  const { wrong } = await auditOf(context, (files) =>
    overriding(files, {
      put: async (...given) => {
        const result = await files.put(...given);
        if (++puts % 20 !== 0) return result;
        return files.put(
          given[0],
          given[1],
          { ...given[2], idempotencyKey: 'of nobody' },
          given[3],
        );
      },
    }),
  );
  assert.ok(wrong.some((what) => what.includes('No order of these operations')));
});
