/** Requests that are nearly right, at the front door of a cluster: no process dies of them. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { logPath } from '#app/local/manifest.ts';
import { fuzzHttp } from '../fuzz/fuzz-http.ts';
import { isFullForm } from '../support/full-form.ts';
import { withLocalCluster } from '../support/local-cluster.ts';
import { newSeed } from '../support/seeded-random.ts';

const inputs = isFullForm ? 20_000 : 1_000;

test(`${inputs} requests that are nearly right at the front door`, async (context) => {
  const seed = newSeed();
  await withLocalCluster(async ({ url, data, names, pid }) => {
    const pids = names.map(pid);
    const port = Number(new URL(url).port);
    // A client that stays waits as long as a node is patient: too long for many of them.
    const endings = ['finish', 'finish', 'finish', 'reset'] as const;
    const statuses = await fuzzHttp({ port, seed, inputs, endings, waitMs: 60_000 });
    context.diagnostic(`seed ${seed}: ${JSON.stringify(Object.fromEntries(statuses))}`);
    assert.deepEqual(names.map(pid), pids, 'every process is the one that it was');
    for (const name of names.filter((name) => name.startsWith('node-'))) {
      const log = await readFile(logPath(data, name), 'utf8');
      assert.doesNotMatch(log, /request met a bug/, `the log of ${name}`);
    }
  });
});
