import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { isCode } from '#base/errors.ts';
import {
  Bench,
  folder,
  get,
  put,
  seededRandom,
  shardBody,
  shardKey,
} from '../../test/support/shard-bench.ts';
import { segmentFileName } from './segment-files.ts';
import { headerBytes, recordBytes } from './shard-record.ts';
import type { ShardStore } from './shard-store.ts';

const length = 3000;
const record = recordBytes(length);
const segment = (number: number) => `${folder}/${segmentFileName(number)}`;

async function storeWith(bench: Bench, count: number): Promise<void> {
  const store = await bench.open();
  for (let number = 0; number < count; number++) await put(store, number, length);
  await store.close();
}

async function append(bench: Bench, bytes: Buffer): Promise<void> {
  const file = await bench.disk.open(segment(1), 'write-sync');
  await file.write([bytes], await file.size());
}

async function readable(store: ShardStore, count: number): Promise<boolean[]> {
  const found: boolean[] = [];
  for (let number = 0; number < count; number++) {
    const bytes = await get(store, number, length).catch((error) => {
      assert.ok(isCode(error, 'shard_missing', 'shard_corrupt'), error);
    });
    if (bytes !== undefined) assert.deepEqual(bytes, shardBody(number, length));
    found.push(bytes !== undefined);
  }
  return found;
}

test('a torn tail is cut off, and writing goes on there', async () => {
  const bench = new Bench();
  await storeWith(bench, 3);
  const whole = bench.disk.contents(segment(1));
  for (const torn of [whole.subarray(0, 30), whole.subarray(0, 2000), Buffer.alloc(5000)]) {
    await append(bench, torn);
    const store = await bench.open();
    assert.deepEqual(await readable(store, 3), [true, true, true]);
    assert.equal((await store.stats()).segmentBytes, whole.length);
    assert.equal((await store.stats()).corrupt, 0);
    await store.close();
  }
  const store = await bench.open();
  await put(store, 3, length);
  assert.deepEqual(await readable(store, 4), [true, true, true, true]);
  await store.close();
});

test('a sealed segment is never cut', async () => {
  const bench = new Bench();
  const options = { segmentBytesMax: 2 * record };
  let store = await bench.open(options);
  for (let number = 0; number < 5; number++) await put(store, number, length);
  await store.close();
  await append(bench, Buffer.from('rubbish'));
  await bench.indexFactory.discard(`${folder}/index`);
  store = await bench.open(options);
  assert.equal(bench.disk.contents(segment(1)).length, 2 * record + 7);
  assert.deepEqual(await readable(store, 5), Array(5).fill(true));
  assert.equal((await store.stats()).corrupt, 1);
  await store.close();
});

test('damage in the middle costs that shard alone, with the index or without', async () => {
  for (const where of [5, 20, 40, headerBytes(length) - 2, headerBytes(length) + 9]) {
    const bench = new Bench();
    await storeWith(bench, 4);
    bench.disk.flip(segment(1), record + where);
    const withIndex = await bench.open();
    assert.deepEqual(await readable(withIndex, 4), [true, false, true, true]);
    await withIndex.close();
    await bench.indexFactory.discard(`${folder}/index`);
    const without = await bench.open();
    assert.deepEqual(await readable(without, 4), [true, false, true, true], `byte ${where}`);
    assert.ok((await without.stats()).corrupt >= 1);
    assert.equal((await without.stats()).segmentBytes, 4 * record);
    await put(without, 1, length);
    assert.deepEqual(await readable(without, 4), Array(4).fill(true));
    await without.close();
  }
});

test('records within the bytes of a damaged shard are not taken for records', async () => {
  const bench = new Bench();
  await storeWith(bench, 1);
  const copied = bench.disk.contents(segment(1));
  const body = Buffer.concat([copied, copied]);
  let store = await bench.open();
  await store.delete([shardKey(0)]);
  const offset = (await store.stats()).segmentBytes;
  await store.write(shardKey(8), [body], crc32(body));
  await put(store, 9, length);
  await store.close();
  bench.disk.flip(segment(1), offset + 3);
  await bench.indexFactory.discard(`${folder}/index`);
  store = await bench.open();
  assert.deepEqual(
    store.list(undefined, 10).map(({ key }) => key),
    [shardKey(9)],
  );
  await store.close();
});

test('an index that knows more than the segments hold is made anew', async () => {
  const bench = new Bench();
  await storeWith(bench, 4);
  const file = await bench.disk.open(segment(1), 'write');
  await file.truncate(2 * record);
  await file.sync();
  const store = await bench.open();
  assert.deepEqual(await readable(store, 4), [true, true, false, false]);
  assert.equal((await store.stats()).shards, 2);
  await store.close();
});

test('an index that fails to commit fences the store and is made anew', async () => {
  const bench = new Bench();
  const { indexFactory } = bench;
  bench.indexFactory = {
    discard: (name) => indexFactory.discard(name),
    async open(name, salt) {
      const index = await indexFactory.open(name, salt);
      index.commit = () => Promise.reject(new Error('no'));
      return index;
    },
  };
  let store = await bench.open();
  await put(store, 1, length);
  bench.timers.run();
  await bench.disk.turn();
  await assert.rejects(put(store, 2, length), { code: 'store_fenced' });
  assert.deepEqual(await get(store, 1, length), shardBody(1, length));
  await store.close();
  bench.indexFactory = indexFactory;
  store = await bench.open();
  assert.deepEqual(await get(store, 1, length), shardBody(1, length));
  await store.close();
});

test('an index that finds itself damaged fences the store and is made anew', async () => {
  const bench = new Bench();
  await storeWith(bench, 3);
  const { indexFactory } = bench;
  bench.indexFactory = {
    discard: (name) => indexFactory.discard(name),
    async open(name, salt) {
      const index = await indexFactory.open(name, salt);
      index.get = () => {
        throw new Error('damaged');
      };
      return index;
    },
  };
  let store = await bench.open();
  await assert.rejects(get(store, 1, length), { code: 'store_fenced' });
  await assert.rejects(put(store, 9, length), { code: 'store_fenced' });
  await store.close();
  bench.indexFactory = indexFactory;
  store = await bench.open();
  assert.deepEqual(await readable(store, 3), [true, true, true]);
  await store.close();
});

interface Known {
  length: number;
  /** What a caller was told last: it must be there, must be gone, or nobody knows. */
  state: 'acked' | 'deleted' | 'unknown';
}

/** One life of a store: random work until the power is cut at a random moment. */
async function live(bench: Bench, random: () => number, known: Map<number, Known>): Promise<void> {
  const pick = (below: number) => Math.floor(random() * below);
  const store = await bench.open({ segmentBytesMax: 60_000 });
  for (const [number, { length: bytes, state }] of known) {
    const got = await get(store, number, bytes).catch((error) => {
      assert.ok(isCode(error, 'shard_missing', 'shard_corrupt'), error);
    });
    if (state === 'acked') assert.ok(got !== undefined, `acknowledged shard ${number} is lost`);
    if (state === 'deleted') assert.ok(got === undefined, `deleted shard ${number} is back`);
    if (got !== undefined) assert.deepEqual(got, shardBody(number, bytes));
  }
  let crashed = false;
  const work = async () => {
    while (!crashed) {
      const number = pick(40);
      const entry = known.get(number) ?? { length: 1 + pick(20_000), state: 'deleted' };
      known.set(number, entry);
      if (entry.state === 'unknown') return;
      const isDelete = entry.state === 'acked' && random() < 0.3;
      entry.state = 'unknown';
      if (isDelete) await store.delete([shardKey(number)]);
      else await put(store, number, entry.length);
      if (!crashed) entry.state = isDelete ? 'deleted' : 'acked';
      if (random() < 0.1) bench.timers.run();
    }
  };
  for (let worker = 0; worker < 6; worker++) void work();
  for (let turns = pick(120); turns > 0; turns--) await new Promise((r) => setImmediate(r));
  crashed = true;
  bench.disk.crash();
}

test('over crashes nothing acknowledged is lost and no wrong byte is served', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = seededRandom(seed);
    const bench = new Bench(random);
    const known = new Map<number, Known>();
    for (let life = 0; life < 4; life++) {
      await live(bench, random, known).catch((error) => {
        throw new Error(`seed ${seed}, life ${life}`, { cause: error });
      });
      if (random() < 0.3) await bench.indexFactory.discard(`${folder}/index`);
    }
  }
});
