/**
 * etcd runs full beneath a real cluster: writes say so, reads and removals go on, nodes that are
 * started meanwhile serve, and when space was freed all is well again without a person.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCode } from '#base/errors.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { EtcdKv } from '#kv/etcd/etcd-kv.ts';
import { type Kv, prefixSpan } from '#kv/kv.ts';
import { silentLogger } from '#observe/log.ts';
import { httpCall } from '../support/http-call.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';

const options = { timeoutMs: 5000 };
const withinMs = 120_000;
const pollMs = 250;

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    assert.ok(performance.now() < end, `not in time: ${what}`);
    await sleep(pollMs);
  }
}

/** Many small names of nobody's, as a real cluster has them, until there is no space. */
async function fill(kv: Kv): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    const then = [{ kind: 'put', key: `z/${i}`, value: Buffer.alloc(50_000) }] as const;
    try {
      await kv.txn({ compare: [], then, else: [] }, options);
    } catch (error) {
      if (isCode(error, 'names_full')) return;
      throw error;
    }
  }
  assert.fail('etcd did not run full');
}

async function put(url: string, path: string, content: string): Promise<string> {
  const { status, body } = await httpCall('PUT', url + path, { body: content });
  return `${status} ${/"code":"(\w+)"/.exec(body.toString())?.[1] ?? ''}`.trim();
}

async function servesWhatIsThere(url: string): Promise<void> {
  const { status, body } = await httpCall('GET', `${url}/kept/1`);
  assert.deepEqual([status, body.toString()], [200, 'one']);
  assert.equal((await httpCall('GET', `${url}/exists?path=/kept/2`)).body.toString(), '1');
  assert.equal((await httpCall('GET', `${url}/ls?path=/kept`)).status, 200);
}

const isUp = async (url: string): Promise<boolean> =>
  (await httpCall('GET', `${url}/-/ready`).catch(() => undefined))?.status === 200;

async function restart(cluster: LocalCluster, names: readonly string[]): Promise<void> {
  for (const name of names) cluster.signal(name, 'SIGKILL');
  await until('they are dead', async () =>
    names.every((name) => {
      try {
        return cluster.pid(name) === 0;
      } catch {
        return true;
      }
    }),
  );
  assert.equal((await cluster.startAgain()).length, names.length);
}

async function check(cluster: LocalCluster, kv: Kv): Promise<void> {
  const { url, nodeUrls } = cluster;
  for (const [path, content] of [
    ['1', 'one'],
    ['2', 'two'],
    ['3', 'three'],
  ] as const) {
    assert.equal(await put(url, `/kept/${path}`, content), '200');
  }
  await fill(kv);
  const refused = await httpCall('PUT', `${url}/new`, { body: 'x' });
  assert.equal(refused.status, 507);
  assert.match(refused.body.toString(), /names_full.*no space left for names/s);
  await servesWhatIsThere(url);
  assert.equal((await httpCall('DELETE', `${url}/kept/3`)).status, 200);

  // One of each kind, and then all at once: nobody can register now.
  await restart(cluster, ['node-1', 'etcd-1']);
  await servesWhatIsThere(nodeUrls.get('node-1') ?? '');
  await restart(cluster, cluster.names);
  for (const own of nodeUrls.values()) {
    await until('a node serves', () => isUp(own));
    await servesWhatIsThere(own);
  }
  assert.equal(await put(url, '/new', 'x'), '507 names_full');
  assert.equal((await httpCall('DELETE', `${url}/kept/2`)).status, 200);
  const status = (await httpCall('GET', `${url}/-/cluster`)).body.toString();
  assert.match(status, /"alarm":"nospace"/);

  const junk = { kind: 'delete', ...prefixSpan('z/') } as const;
  await kv.txn({ compare: [], then: [junk], else: [] }, options);
  await until('writes are let in again', async () => (await put(url, '/new', 'x')) === '200');
  await servesGone(url);
}

async function servesGone(url: string): Promise<void> {
  for (const path of ['/kept/2', '/kept/3']) {
    assert.equal((await httpCall('GET', url + path)).status, 404);
  }
  assert.equal((await httpCall('GET', `${url}/new`)).body.toString(), 'x');
}

test('etcd runs full and is emptied again', async () => {
  await withLocalCluster(
    async (cluster) => {
      const endpoints = [...cluster.etcdUrls.values()];
      const kv = EtcdKv.create({ ...createNodeWorld(), log: silentLogger }, { endpoints });
      try {
        await check(cluster, kv);
      } finally {
        await kv.close();
      }
    },
    { nodes: 3, etcd: 3, etcdQuotaMib: 16 },
  );
});
