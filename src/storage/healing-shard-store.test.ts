import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCode } from '#base/errors.ts';
import {
  Bench,
  compactAll,
  folder,
  get,
  put,
  shardBody,
  shardKey,
} from '../../test/support/shard-bench.ts';
import { HealingShardStore } from './healing-shard-store.ts';
import type { ShardStore } from './shard-store.ts';

/** A bench whose index fails from `spoil()` on, until it was made anew so many times. */
function newBench() {
  const bench = new Bench();
  const { indexFactory } = bench;
  let spoilt = 0;
  bench.indexFactory = {
    async discard(name) {
      spoilt = Math.max(0, spoilt - 1);
      await indexFactory.discard(name);
    },
    async open(name, salt) {
      const index = await indexFactory.open(name, salt);
      const find = index.get.bind(index);
      index.get = (key) => {
        if (spoilt > 0) throw new Error('damaged');
        return find(key);
      };
      return index;
    },
  };
  const open = () => bench.open({}, undefined, HealingShardStore.open);
  const spoil = (times: number) => {
    spoilt = times;
  };
  return { bench, open, spoil };
}

async function untilWell(store: ShardStore): Promise<void> {
  for (let turns = 0; turns < 1000; turns++) {
    const state = await store.verify(shardKey(1)).catch((error) => {
      assert.ok(isCode(error, 'store_fenced'), error);
    });
    if (state !== undefined) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('the store does not heal');
}

test('a damaged index is made anew while the node runs', async () => {
  const { bench, open, spoil } = newBench();
  const store = await open();
  for (let number = 0; number < 5; number++) await put(store, number, 1000);
  bench.timers.run();
  await bench.disk.turn();
  spoil(1);
  await assert.rejects(get(store, 1, 1000), { code: 'store_fenced' });
  await assert.rejects(put(store, 9, 1000), { code: 'store_fenced' });
  assert.equal(await compactAll(store), 'idle');
  assert.match(String((await store.stats()).fenced), /index/);
  await untilWell(store);
  for (let number = 0; number < 5; number++) {
    assert.deepEqual(await get(store, number, 1000), shardBody(number, 1000));
  }
  await put(store, 9, 1000);
  assert.equal((await store.stats()).fenced, undefined);
  assert.equal(store.list(undefined, 10).length, 6);
  await store.close();
});

test('an index that turns out to be damaged while the store is opened is made anew', async () => {
  const { bench, open, spoil } = newBench();
  const first = await open();
  await put(first, 1, 1000);
  bench.disk.crash();
  spoil(1);
  const store = await open();
  assert.deepEqual(await get(store, 1, 1000), shardBody(1, 1000));
  await store.close();
});

test('a store that is closed while it heals is closed', async () => {
  const { bench, open, spoil } = newBench();
  const store = await open();
  await put(store, 1, 1000);
  bench.timers.run();
  await bench.disk.turn();
  spoil(1);
  await assert.rejects(get(store, 1, 1000), { code: 'store_fenced' });
  await store.close();
  const again = await open();
  assert.deepEqual(await get(again, 1, 1000), shardBody(1, 1000));
  await again.close();
});

test('a disk that spoils every index stays fenced', async () => {
  const { bench, open, spoil } = newBench();
  const store = await open();
  await put(store, 1, 1000);
  bench.timers.run();
  await bench.disk.turn();
  spoil(100);
  for (let turns = 0; turns < 500; turns++) {
    await assert.rejects(get(store, 1, 1000), { code: 'store_fenced' });
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.match(String((await store.stats()).fenced), /index/);
  await store.close();
  await bench.indexFactory.discard(`${folder}/index`);
});
