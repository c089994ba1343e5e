/**
 * A node comes and takes its share; another is emptied, stopped and taken out; nothing of what was
 * promised is given up meanwhile. And an operator is refused what would break a promise.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAllWhole, leavesOneOut } from '../support/audit.ts';
import { type AskedFile, ask, upload } from '../support/busy-door.ts';
import { allLive, ended } from '../support/cluster-state.ts';
import { httpCall } from '../support/http-call.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';
import { healed, viewOf } from '../support/protection.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { until } from '../support/until.ts';

const sizes = [1, 4096, 256 * 1024, 1_000_000, 3_000_000];
const movingMsMax = 300_000;
const leaving = 'node-1';
const coming = 'node-6';

async function putAll(door: string, files: readonly AskedFile[]): Promise<void> {
  await sideBySide(files, 4, async (file) => {
    assert.equal(await ask(file, door), 'acknowledged', file.path);
  });
}

const filesIn = (folder: string, count: number): AskedFile[] =>
  Array.from({ length: count }, (_, nth) =>
    upload(`${folder}/${nth}`, sizes[nth % sizes.length] as number),
  );

async function admin(door: string, verb: string, node: string) {
  const method = verb === '' ? 'GET' : 'POST';
  const { status, body } = await httpCall(method, `${door}/-/nodes/${node}${verb}`);
  return { status, body: JSON.parse(body.toString()) };
}

const doorOf = ({ nodeUrls }: LocalCluster, name: string): string => {
  const url = nodeUrls.get(name);
  assert.ok(url !== undefined, `there is no ${name}`);
  return url;
};

async function takesItsShare(cluster: LocalCluster): Promise<number> {
  const liveBytes = async (name: string) => (await viewOf(doorOf(cluster, name))).store.liveBytes;
  let shown = '';
  const look = async () => {
    const all = await Promise.all([...cluster.nodeUrls.keys()].map(liveBytes));
    const own = await liveBytes(coming);
    const share = own / (all.reduce((sum, bytes) => sum + bytes, 0) / all.length);
    shown = `${coming} has ${share.toFixed(2)} of the mean`;
    return share >= 0.5 ? share : undefined;
  };
  return await until('the new node has its share', look, movingMsMax, () => shown);
}

/** Until nothing counts on it. */
async function emptied(door: string, node: string): Promise<void> {
  let last: unknown;
  const look = async () => {
    last = (await admin(door, '', node)).body;
    return (last as { safeToStop: boolean }).safeToStop || undefined;
  };
  await until(`${node} is safe to stop`, look, movingMsMax, () => JSON.stringify(last));
}

test('a node is added, another is drained and removed, and comes back as new', async (t) => {
  const work = async (cluster: LocalCluster) => {
    const known = filesIn('/before', 60);
    await putAll(cluster.url, known);
    await cluster.startAgain(6);
    await allLive(cluster);
    const share = await takesItsShare(cluster);
    t.diagnostic(`${coming} took ${share.toFixed(2)} of the mean`);
    const door = doorOf(cluster, coming);

    const refused = await admin(door, '/remove', leaving);
    assert.deepEqual([refused.status, refused.body.code], [409, 'removal_refused']);
    assert.equal((await admin(door, '/drain', leaving)).status, 200);
    const more = filesIn('/meanwhile', 20);
    await Promise.all([putAll(cluster.url, more), emptied(door, leaving)]);
    known.push(...more);
    await healed(cluster);

    cluster.signal(leaving, 'SIGKILL');
    await ended(cluster, leaving);
    await assertAllWhole(known, [door]);
    await healed(cluster);
    await leavesOneOut(known, door, 5);
    const removed = await until('the node is taken out', async () => {
      const answer = await admin(door, '/remove', leaving);
      return answer.status === 200 ? answer.body : undefined;
    });
    assert.deepEqual(removed, { id: leaving, removed: true });
    const { nodes } = await viewOf(door);
    assert.equal(
      nodes.some(({ id }) => id === leaving),
      false,
    );

    await cluster.startAgain();
    await allLive(cluster);
    await healed(cluster);
    await assertAllWhole(known, [...cluster.nodeUrls.values()]);
  };
  await withLocalCluster(work, { nodes: 5, etcd: 3 });
});

test('a node that is needed is not drained', async () => {
  const work = async ({ url }: LocalCluster) => {
    await putAll(url, filesIn('/f', 5));
    const { status, body } = await admin(url, '/drain', 'node-2');
    assert.deepEqual([status, body.code], [409, 'drain_refused']);
    assert.match(body.detail, /add a node first/);
    const { draining, safeToStop } = (await admin(url, '', 'node-2')).body;
    assert.deepEqual([draining, safeToStop], [false, false]);
  };
  await withLocalCluster(work, { nodes: 3, etcd: 1 });
});
