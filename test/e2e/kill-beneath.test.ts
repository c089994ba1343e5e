/**
 * Any process but the one that serves is killed at any moment: its clients don't notice. What they
 * upload, download and copy meanwhile succeeds, and is whole afterwards.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AskedFile, ask, keepBusy, read, upload } from '../support/busy-door.ts';
import { ended, restore } from '../support/cluster-state.ts';
import { isFullForm } from '../support/full-form.ts';
import { httpCall } from '../support/http-call.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';
import { newSeed, SeededRandom } from '../support/seeded-random.ts';

const kills = isFullForm ? 100 : 8;
const beforeMsMax = 400;
/** As long as a new leader of etcd takes, and longer. */
const afterMs = 1500;
const knownSizes = [0, 4096, 262_145, 3_000_000];

async function putKnown(url: string): Promise<AskedFile[]> {
  const known = knownSizes.map((size) => upload(`/known/${size}`, size));
  for (const file of known) assert.equal(await ask(file, url), 'acknowledged', file.path);
  return known;
}

/** Returns how much went on. */
async function killBeneath(
  cluster: LocalCluster,
  known: readonly AskedFile[],
  folder: string,
  random: SeededRandom,
): Promise<number> {
  const [server, door] = random.oneOf([...cluster.nodeUrls]);
  const victim = random.oneOf(cluster.names.filter((name) => name !== server));
  const end = new AbortController();
  const busy = keepBusy({ door, folder, known, random, end: end.signal });
  await Promise.race([busy, sleep(random.between(0, beforeMsMax))]);
  cluster.signal(victim, 'SIGKILL');
  await Promise.race([busy, sleep(afterMs)]);
  end.abort();
  const { acknowledged, unknown, downloads, broken } = await busy;
  const noticed = [...unknown.map(({ file, why }) => `${file.path}: ${why}`), ...broken];
  assert.deepEqual(noticed, [], `clients of ${server} noticed the death of ${victim}`);
  for (const file of acknowledged) {
    assert.equal(await read(file, cluster.url), 'whole', `${file.path} without ${victim}`);
  }
  await ended(cluster, victim);
  await restore(cluster, [victim]);
  return acknowledged.length + downloads;
}

test(`${kills} processes killed beneath those that serve`, async (t) => {
  const seed = newSeed();
  t.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed);
  await withLocalCluster(async (cluster) => {
    const known = await putKnown(cluster.url);
    let requests = 0;
    for (let round = 0; round < kills; round++) {
      const folder = `/round-${round}`;
      requests += await killBeneath(cluster, known, folder, random);
      const rest = `/rm?recursive=true&path=${folder}`;
      assert.equal((await httpCall('POST', cluster.url + rest)).status, 200);
    }
    t.diagnostic(`${requests} requests served`);
  });
});
