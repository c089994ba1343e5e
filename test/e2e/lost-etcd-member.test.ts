/** Etcd members whose data is deleted come back as new ones, as long as a majority has kept its. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { etcdAnswers } from '#app/local/answering.ts';
import { createNodeTimers } from '#io/node/timers.ts';
import { EtcdMembership } from '#kv/etcd/membership.ts';
import { ended } from '../support/cluster-state.ts';
import { httpCall } from '../support/http-call.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';

async function kill(cluster: LocalCluster, ...names: string[]): Promise<void> {
  for (const name of names) cluster.signal(name, 'SIGKILL');
  for (const name of names) await ended(cluster, name);
}

async function lose(cluster: LocalCluster, ...names: string[]): Promise<void> {
  await kill(cluster, ...names);
  for (const name of names) {
    await rm(path.join(cluster.data, name), { recursive: true, force: true });
  }
}

async function memberIds({ etcdUrls }: LocalCluster): Promise<Map<string, string>> {
  const endpoint = etcdUrls.get('etcd-1') as string;
  const membership = new EtcdMembership({ timers: createNodeTimers() }, { endpoint });
  try {
    const entries = await membership.list({ timeoutMs: 5000 });
    return new Map(entries.map(({ name, id }) => [name, id]));
  } finally {
    membership.close();
  }
}

async function allServe({ etcdUrls }: LocalCluster): Promise<void> {
  for (const [name, url] of etcdUrls) assert.ok(await etcdAnswers(url)(), `${name} serves`);
}

async function namesWork({ url }: LocalCluster, fresh: string): Promise<void> {
  assert.equal((await httpCall('PUT', url + fresh, { body: fresh })).status, 200);
  assert.equal((await httpCall('GET', url + fresh)).body.toString(), fresh);
  assert.equal((await httpCall('GET', `${url}/kept`)).body.toString(), 'kept');
}

test('lost etcd members are replaced, one or two, and never the majority', async () => {
  await withLocalCluster(
    async (cluster) => {
      const { url } = cluster;
      assert.equal((await httpCall('PUT', `${url}/kept`, { body: 'kept' })).status, 200);
      const first = await memberIds(cluster);

      await lose(cluster, 'etcd-2');
      assert.deepEqual(await cluster.startAgain(), [cluster.pid('etcd-2')]);
      const second = await memberIds(cluster);
      assert.deepEqual([...second.keys()].sort(), [...first.keys()].sort());
      assert.notEqual(second.get('etcd-2'), first.get('etcd-2'));
      await allServe(cluster);
      await kill(cluster, 'etcd-3', 'etcd-4');
      await namesWork(cluster, '/without-3-and-4');

      // Two at once, and two more that only have to be started.
      await lose(cluster, 'etcd-2', 'etcd-5');
      assert.equal((await cluster.startAgain()).length, 4);
      await allServe(cluster);
      await kill(cluster, 'etcd-1', 'etcd-3');
      await namesWork(cluster, '/without-1-and-3');

      await lose(cluster, 'etcd-2', 'etcd-4', 'etcd-5');
      await assert.rejects(cluster.startAgain(), (error: { stderr?: string }) => {
        assert.match(
          error.stderr ?? '',
          /data of etcd-2, etcd-4, etcd-5 is gone.*majority.*backup/,
        );
        return true;
      });
    },
    { nodes: 3, etcd: 5 },
  );
});
