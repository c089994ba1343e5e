import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench, folder, get, put, shardBody } from '../../test/support/shard-bench.ts';

const file = `${folder}/store.json`;

async function filled(): Promise<Bench> {
  const bench = new Bench();
  const store = await bench.open();
  await put(store, 1, 1000);
  await store.close();
  return bench;
}

test('a disk knows whether it is new, and keeps its identity', async () => {
  let seed = 0;
  const bench = new Bench(() => (seed = (seed + 0.37) % 1));
  let store = await bench.open();
  const { diskId } = store;
  assert.match(diskId, /^[0-9a-f]{32}$/);
  assert.equal(store.isNew, true);
  assert.equal((await store.stats()).diskId, diskId);
  await store.close();
  store = await bench.open({ mustExist: true });
  assert.deepEqual([store.diskId, store.isNew], [diskId, false]);
  await store.close();
  await bench.disk.remove(file);
  store = await bench.open();
  assert.notEqual(store.diskId, diskId);
  assert.equal(store.isNew, true);
  await store.close();
});

test('a disk gets older with every opening and every advance', async () => {
  const bench = new Bench();
  let store = await bench.open();
  assert.equal(store.generation, 1);
  assert.equal(await store.advance(), 2);
  assert.equal(store.generation, 2);
  await store.close();
  store = await bench.open();
  assert.equal(store.generation, 3);
  await store.close();
});

test('a mount point without its disk is refused where shards were before', async () => {
  await assert.rejects(new Bench().open({ mustExist: true }), /is empty; is its disk mounted\?/);
});

test('a store of another cluster, of another node, or in use is refused', async () => {
  const bench = await filled();
  await assert.rejects(bench.open({ clusterId: 'cluster-b' }), /belongs to cluster cluster-a/);
  await assert.rejects(bench.open({ nodeId: 'n2' }), /belongs to node n1, not n2.*swapped/);
  const store = await bench.open();
  await assert.rejects(bench.open(), { code: 'ELOCKED' });
  await store.close();
});

test('segments whose superblock is gone are refused', async () => {
  const bench = await filled();
  await bench.disk.remove(file);
  await assert.rejects(bench.open(), /holds segments but no store.json/);
});

test('any damage to the superblock is found, and costs no record', async () => {
  const bench = await filled();
  const sound = bench.disk.contents(file);
  for (let at = 0; at < sound.length; at++) {
    bench.disk.flip(file, at);
    const store = await bench.open().catch((error) => {
      assert.match(String(error), /store.json is damaged|its format is|belongs to/);
    });
    // White space that is still white space means the same.
    if (store !== undefined) assert.match(String(sound.subarray(at, at + 1)), /\s/);
    await store?.close();
    await bench.disk.writeWhole(file, sound);
  }
  for (const content of ['', 'null', '[]', '{}']) {
    await bench.disk.writeWhole(file, Buffer.from(content));
    await assert.rejects(bench.open(), /damaged|its format is/);
  }
  await bench.disk.writeWhole(file, sound);
  const store = await bench.open();
  assert.deepEqual(await get(store, 1, 1000), shardBody(1, 1000));
  await store.close();
});
