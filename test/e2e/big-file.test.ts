/** However large a file is, no process holds more than a fixed part of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFullForm } from '../support/full-form.ts';
import { withLocalCluster } from '../support/local-cluster.ts';
import { MiB, memoryGrowth } from '../support/memory-growth.ts';
import { getStreamed, putStreamed } from '../support/streamed-content.ts';

const size = (isFullForm ? 2048 : 512) * MiB;
const growthMaxMiB = 150;

test(`a file of ${size / MiB} MiB goes in and out in bounded memory`, async (t) => {
  await withLocalCluster(async (cluster) => {
    const url = `${cluster.url}/big`;
    const times = [performance.now()];
    const growth = await memoryGrowth(cluster, async () => {
      const sent = await putStreamed(url, size);
      times.push(performance.now());
      assert.deepEqual(await getStreamed(url), { hash: sent, size });
      times.push(performance.now());
    });
    const [began = 0, put = 0, got = 0] = times;
    const perSecond = (ms: number) => `${Math.round(size / 1e6 / (ms / 1000))} MB/s`;
    t.diagnostic(`put ${perSecond(put - began)}, get ${perSecond(got - put)}`);
    t.diagnostic(`growth in MiB: ${JSON.stringify(Object.fromEntries(growth))}`);
    for (const [name, grown] of growth) {
      assert.ok(grown <= growthMaxMiB, `${name} has grown by ${grown} MiB`);
    }
  });
});
