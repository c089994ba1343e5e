/**
 * Very many small files are put and removed, three times over: each time the nodes' disks have
 * their space again, to within a tenth of what lies there for good; in the end etcd's too.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAllWhole } from '../support/audit.ts';
import { ask, upload } from '../support/busy-door.ts';
import { type DiskUse, diskUseOf, shown } from '../support/disk-use.ts';
import { isFullForm } from '../support/full-form.ts';
import { httpCall } from '../support/http-call.ts';
import { KeepAliveClients } from '../support/keep-alive-clients.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { until } from '../support/until.ts';

const rounds = isFullForm ? 3 : 1;
const count = isFullForm ? 50_000 : 1500;
const fileBytes = 4096;
const clients = 32;
/** What stays: without it there would be no tenth. */
const keptFiles = isFullForm ? 2500 : 150;
const keptBytes = 128 * 1024;
const growthMax = 1.1;
const triesMax = 10;
/** An index grows by pages, and keeps them for later. */
const indexBytesMin = 1024 * 1024;
const removalMsMax = 300_000;
const nodesMsMax = isFullForm ? 900_000 : 120_000;
/** The last trace of a file goes after ten minutes, and history after ten more. */
const databaseMsMax = 2_400_000;
const environment = isFullForm ? {} : { DFTFS_READ_GRACE_MS: '2000' };

async function putAndRemove(url: string, folder: string): Promise<void> {
  const program = new KeepAliveClients(clients);
  try {
    const numbers = Array.from({ length: count }, (_, nth) => nth);
    await sideBySide(numbers, clients, async (nth) => {
      const body = Buffer.alloc(fileBytes, `${folder} ${nth} `);
      const request = { 'idempotency-key': `${folder}-${nth}` };
      const put = () => program.call('PUT', `${url}${folder}/${nth}`, body, request);
      let answer = await put();
      // A machine that is busy with other things too may cost a node its place for a moment.
      for (let tries = 1; answer.status === 503 && tries < triesMax; tries++) answer = await put();
      assert.equal(answer.status, 200, `put ${nth}: ${answer.body}`);
    });
  } finally {
    program.close();
  }
  const target = `${url}/rm?path=${folder}&recursive=true`;
  const { status, body } = await httpCall('POST', target, { timeoutMs: removalMsMax });
  assert.equal(status, 200, body.toString());
  assert.deepEqual(JSON.parse(body.toString()), { removed: count });
}

/** All nodes together: what one of them holds may move to another. */
function hasGrown(start: DiskUse, now: DiskUse): boolean {
  const all = ({ nodes }: DiskUse) => [...nodes.values()].reduce((sum, bytes) => sum + bytes, 0);
  return all(now) > all(start) * growthMax + start.nodes.size * indexBytesMin;
}

async function isBack(cluster: LocalCluster, start: DiskUse, patienceMs: number): Promise<number> {
  const began = performance.now();
  let now = start;
  const look = async () => {
    now = await diskUseOf(cluster);
    return !hasGrown(start, now) || undefined;
  };
  await until('the disks have their space again', look, patienceMs, () => shown(now));
  return performance.now() - began;
}

test(`${count} files are put and removed ${rounds} times: space comes back`, async (t) => {
  const work = async (cluster: LocalCluster) => {
    const kept = Array.from({ length: keptFiles }, (_, nth) => upload(`/kept/${nth}`, keptBytes));
    await sideBySide(kept, 8, async (file) => {
      assert.equal(await ask(file, cluster.url), 'acknowledged', file.path);
    });
    const start = await diskUseOf(cluster);
    t.diagnostic(`start: ${shown(start)}`);
    for (let round = 1; round <= rounds; round++) {
      await putAndRemove(cluster.url, `/round-${round}`);
      const full = await diskUseOf(cluster);
      t.diagnostic(`round ${round}, removed: ${shown(full)}`);
      assert.ok(hasGrown(start, full), 'void: nothing was there to come back');
      const ms = await isBack(cluster, start, nodesMsMax);
      const now = shown(await diskUseOf(cluster));
      t.diagnostic(`round ${round}, ${(ms / 1000).toFixed(0)} s later: ${now}`);
    }
    if (isFullForm) await databaseIsBack(cluster, start);
    t.diagnostic(`end: ${shown(await diskUseOf(cluster))}`);
    await assertAllWhole(kept.slice(0, 100), [cluster.url]);
  };
  await withLocalCluster(work, { environment });
});

async function databaseIsBack(cluster: LocalCluster, start: DiskUse): Promise<void> {
  let now = start;
  const look = async () => {
    now = await diskUseOf(cluster);
    return now.databaseBytesInUse <= start.databaseBytesInUse * growthMax || undefined;
  };
  await until('etcd has its space again', look, databaseMsMax, () => shown(now));
}
