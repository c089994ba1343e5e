/** What lies where: every node has a part, no file is on all nodes, names hold no bytes. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpCall } from '../support/http-call.ts';
import { type LocalCluster, startLocalCluster } from '../support/local-cluster.ts';
import { holdersOfMarked, markedContent } from '../support/marked-files.ts';

const files = 60;
const smallBytes = 4096;
const largeBytes = 900_000;

const contentOf = (n: number) => markedContent(n, n % 2 === 0 ? smallBytes : largeBytes);

describe('on disk', () => {
  let cluster: LocalCluster;
  /** By process: numbers of the files of which it holds any bytes. */
  let holds: ReadonlyMap<string, ReadonlySet<number>>;

  before(async () => {
    cluster = await startLocalCluster();
    for (let n = 0; n < files; n++) {
      const { status } = await httpCall('PUT', `${cluster.url}/f/${n}`, { body: contentOf(n) });
      assert.equal(status, 200);
    }
    holds = await holdersOfMarked(cluster, files);
  });
  after(() => cluster.stop());

  const storageNodes = () => cluster.names.filter((name) => name.startsWith('node-'));

  it('every node holds a part', () => {
    for (const name of storageNodes()) assert.ok((holds.get(name)?.size ?? 0) > 0, name);
  });

  it('every file is on at least two nodes and never on all', () => {
    for (let n = 0; n < files; n++) {
      const holders = storageNodes().filter((name) => holds.get(name)?.has(n));
      assert.ok(holders.length >= 2, `file ${n} is only on ${holders}`);
      assert.ok(holders.length < storageNodes().length, `file ${n} is on all nodes`);
    }
  });

  it('etcd holds no bytes of any file', () => {
    for (const name of cluster.names.filter((one) => one.startsWith('etcd-'))) {
      assert.deepEqual([...(holds.get(name) ?? [])], [], name);
    }
  });
});
