/** Any two processes may be killed at once: all files stay readable, every endpoint goes on. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { combinerOf, etcdLeaderOf, restore } from '../support/cluster-state.ts';
import { assertEveryEndpoint, assertReadable, loadFiles } from '../support/every-endpoint.ts';
import { isFullForm } from '../support/full-form.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';

type Pair = readonly [string, string];

function allPairs(names: readonly string[]): Pair[] {
  return names.flatMap((one, index) => names.slice(index + 1).map((other): Pair => [one, other]));
}

/** Node and node, node and leader, leader and member, combiner and node; by what they are now. */
const representative: readonly ((cluster: LocalCluster) => Promise<Pair>)[] = [
  async () => ['node-1', 'node-4'],
  async (cluster) => ['node-2', await etcdLeaderOf(cluster)],
  async (cluster) => {
    const leader = await etcdLeaderOf(cluster);
    return [leader, leader === 'etcd-1' ? 'etcd-2' : 'etcd-1'];
  },
  async (cluster) => {
    const combiner = await combinerOf(cluster);
    return [combiner, combiner === 'node-3' ? 'node-5' : 'node-3'];
  },
];

const chosen = ({ names }: LocalCluster) =>
  isFullForm ? allPairs(names).map((pair) => async () => pair) : representative;

async function described(cluster: LocalCluster, pair: Pair): Promise<string> {
  const leader = await etcdLeaderOf(cluster);
  const combiner = await combinerOf(cluster);
  const role = (name: string) =>
    name + (name === leader ? ' (leader)' : name === combiner ? ' (combiner)' : '');
  return pair.map(role).join(' + ');
}

test('two processes are killed at once', async (t: TestContext) => {
  await withLocalCluster(async (cluster) => {
    const files = await loadFiles(cluster.url, 30);
    for (const [index, choose] of chosen(cluster).entries()) {
      const pair = await choose(cluster);
      const name = await described(cluster, pair);
      const began = performance.now();
      for (const one of pair) cluster.signal(one, 'SIGKILL');
      try {
        await assertReadable(cluster.url, files);
        await assertEveryEndpoint(cluster.url, `/pair-${index}`);
      } catch (error) {
        assert.fail(`${name}: ${error instanceof Error ? error.message : error}`);
      }
      t.diagnostic(`${name}: ok in ${((performance.now() - began) / 1000).toFixed(1)} s`);
      await restore(cluster, pair);
    }
  });
});
