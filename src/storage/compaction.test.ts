import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import {
  Bench,
  compactAll,
  folder,
  get,
  put,
  segmentPath as segment,
  shardBody,
  shardKey,
} from '../../test/support/shard-bench.ts';
import { headerBytes, recordBytes } from './shard-record.ts';
import type { ShardStore } from './shard-store.ts';

const length = 3000;
const record = recordBytes(length);
const options = { segmentBytesMax: 4 * record };
const { signal } = new AbortController();

/** Shards 0 to 11 in three complete segments, 12 in the last. */
async function filled(bench: Bench): Promise<ShardStore> {
  const store = await bench.open(options);
  for (let number = 0; number < 13; number++) await put(store, number, length);
  return store;
}

const remove = (store: ShardStore, ...numbers: number[]) =>
  store.delete(numbers.map((number) => shardKey(number)));

async function assertHolds(store: ShardStore, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    assert.deepEqual(await get(store, number, length), shardBody(number, length));
  }
  const { shards, liveBytes, deadBytes, segmentBytes } = await store.stats();
  assert.deepEqual({ shards, liveBytes }, { shards: numbers.length, liveBytes: shards * length });
  assert.equal(deadBytes, segmentBytes - shards * record);
}

test('the space of deleted shards comes back, and the living stay readable', async () => {
  const bench = new Bench();
  let store = await filled(bench);
  assert.equal(await store.compactStep(signal), 'idle');
  await remove(store, 0, 1, 2, 3, 4, 5, 6);
  const before = (await store.stats()).segmentBytes;
  assert.equal(await compactAll(store), 'idle');
  const { segmentBytes, compaction } = await store.stats();
  assert.ok(before - segmentBytes > 6 * record, `${before} to ${segmentBytes}`);
  assert.equal(compaction.freedBytes, 8 * record);
  assert.equal(compaction.movedBytes, record);
  const living = [7, 8, 9, 10, 11, 12];
  await assertHolds(store, living);
  await store.close();
  store = await bench.open(options);
  await assertHolds(store, living);
  await store.close();
  await bench.indexFactory.discard(`${folder}/index`);
  store = await bench.open(options);
  await assertHolds(store, living);
  await store.close();
});

test('space comes back when nothing more is written', async () => {
  const bench = new Bench();
  const store = await bench.open();
  for (let number = 0; number < 600; number++) await put(store, number, length);
  const numbers = Array.from({ length: 599 }, (_, number) => number);
  await remove(store, ...numbers);
  assert.equal(await compactAll(store), 'idle');
  assert.equal((await store.stats()).segmentBytes, record);
  await assertHolds(store, [599]);
  await store.close();
});

test('what little is dead stays while shards are deleted, and goes when that has ended', async () => {
  const bench = new Bench();
  const store = await bench.open({ segmentBytesMax: 10 * record });
  for (let number = 0; number < 25; number++) await put(store, number, length);
  await remove(store, 0, 1, 10, 11);
  const { segmentBytes } = await store.stats();
  assert.equal(await compactAll(store), 'idle');
  bench.clock.ms += 20_000;
  await remove(store, 24);
  assert.equal(await compactAll(store), 'idle');
  bench.clock.ms += 20_000;
  assert.equal(await compactAll(store), 'idle');
  assert.ok((await store.stats()).segmentBytes >= segmentBytes);
  for (let round = 0; round < 4; round++) {
    bench.clock.ms += 30_000;
    assert.equal(await compactAll(store), 'idle');
  }
  const after = await store.stats();
  assert.ok(after.deadBytes < after.segmentBytes / 10, `${after.deadBytes} bytes are dead`);
  await assertHolds(store, [
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    ...Array.from({ length: 12 }, (_, n) => n + 12),
  ]);
  await store.close();
});

test('an index that was in a segment that is gone is still good after a crash', async () => {
  const bench = new Bench();
  const store = await bench.open();
  for (let number = 0; number < 400; number++) await put(store, number, length);
  await remove(store, ...Array.from({ length: 400 }, (_, number) => number));
  assert.equal(await compactAll(store), 'idle');
  assert.equal((await store.stats()).segmentBytes, 0);
  bench.disk.crash();
  let discarded = 0;
  const { indexFactory } = bench;
  bench.indexFactory = {
    open: (name, salt) => indexFactory.open(name, salt),
    discard(name) {
      discarded++;
      return indexFactory.discard(name);
    },
  };
  const again = await bench.open();
  assert.equal(discarded, 0);
  await again.close();
});

test('a shard deleted while it is copied stays deleted', async () => {
  for (const withIndex of [true, false]) {
    const bench = new Bench();
    const store = await filled(bench);
    await remove(store, 0, 1);
    await store.compactStep(signal);
    const step = store.compactStep(signal);
    await Promise.all([step, remove(store, 2, 3)]);
    bench.disk.crash();
    if (!withIndex) await bench.indexFactory.discard(`${folder}/index`);
    const again = await bench.open(options);
    assert.deepEqual([again.has(shardKey(2)), again.has(shardKey(3))], [false, false]);
    assert.equal(await compactAll(again), 'idle');
    await assertHolds(again, [4, 5, 6, 7, 8, 9, 10, 11, 12]);
    await again.close();
  }
});

test('reads go on while their segment is compacted', async () => {
  const bench = new Bench();
  const store = await filled(bench);
  await remove(store, 0, 1, 4, 5, 8, 9);
  let done = false;
  const readers = [2, 3, 6, 7, 10, 11].map(async (number) => {
    let reads = 0;
    while (!done) {
      assert.deepEqual(await get(store, number, length), shardBody(number, length));
      assert.equal(await store.verify(shardKey(number)), 'sound');
      reads++;
    }
    return reads;
  });
  assert.equal(await compactAll(store), 'idle');
  done = true;
  for (const reads of await Promise.all(readers)) assert.ok(reads > 0);
  assert.equal((await store.stats()).corrupt, 0);
  await store.close();
});

test('a damaged shard is not copied, is told, and goes when it was written anew', async () => {
  for (const where of [3, headerBytes(length) + 9]) {
    const bench = new Bench();
    const store = await filled(bench);
    await remove(store, 0, 1);
    bench.disk.flip(segment(1), 2 * record + where);
    assert.equal(await compactAll(store), 'idle');
    assert.deepEqual(
      store.damaged().map(({ key }) => key),
      [shardKey(2)],
    );
    assert.equal((await store.stats()).compaction.heldSegments, 1);
    await assert.rejects(get(store, 2, length), { code: 'shard_corrupt' });
    assert.equal(await store.verify(shardKey(2)), 'damaged');
    assert.deepEqual(await get(store, 3, length), shardBody(3, length));
    await put(store, 2, length);
    assert.deepEqual(store.damaged(), []);
    assert.equal(await compactAll(store), 'idle');
    assert.equal((await store.stats()).compaction.heldSegments, 0);
    assert.equal((await bench.disk.list(folder)).includes('segment-00000001.log'), false);
    await assertHolds(store, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    await store.close();
  }
});

test('a segment is never deleted on the word of an index that lost an entry', async () => {
  const bench = new Bench();
  let store = await filled(bench);
  await remove(store, 0, 1);
  await store.close();
  const index = await bench.indexFactory.open(`${folder}/index`, 0);
  const { key } = index.list(undefined, 1, '')[0] ?? assert.fail();
  const position = index.position ?? assert.fail();
  await index.commit({ changes: new Map([[key, undefined]]), tallies: new Map(), position });
  store = await bench.open(options);
  assert.equal(store.has(shardKey(2)), false);
  await compactAll(store);
  assert.match(String((await store.stats()).fenced), /index/);
  await store.close();
  store = await bench.open(options);
  await assertHolds(store, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  await store.close();
});

test('a segment that the disk can not read holds no other back', async () => {
  const bench = new Bench();
  const store = await filled(bench);
  await remove(store, 0, 1, 4, 5, 6);
  await store.close();
  const again = await bench.open(options);
  bench.disk.onRead = (name) => {
    if (name === segment(2)) throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  assert.equal(await compactAll(again), 'idle');
  const { compaction, fenced } = await again.stats();
  assert.deepEqual([compaction.heldSegments, fenced], [1, undefined]);
  const names = await bench.disk.list(folder);
  assert.deepEqual(
    [1, 2].map((number) => names.includes(path.basename(segment(number)))),
    [false, true],
  );
  bench.disk.onRead = () => {};
  await assertHolds(again, [2, 3, 7, 8, 9, 10, 11, 12]);
  await again.close();
});

test('a nearly full disk is compacted within the reserve', async () => {
  const bench = new Bench();
  bench.disk.capacityBytes = 13 * record + 3000;
  const store = await bench.open({ ...options, reserveBytes: 2 * record });
  for (let number = 0; number < 11; number++) await put(store, number, length);
  await assert.rejects(put(store, 11, length), { code: 'store_full' });
  assert.equal((await store.stats()).full, true);
  await remove(store, 0);
  assert.equal(await compactAll(store), 'no_room');
  await remove(store, 1, 2);
  assert.equal(await compactAll(store), 'idle');
  await put(store, 11, length);
  await assertHolds(store, [3, 4, 5, 6, 7, 8, 9, 10, 11]);
  await store.close();
});

test('copies that find the disk full after all are taken back', async () => {
  const bench = new Bench();
  const store = await filled(bench);
  await remove(store, 0, 1);
  await store.compactStep(signal);
  bench.disk.writeFailures.push('ENOSPC');
  assert.equal(await store.compactStep(signal), 'no_room');
  await assertHolds(store, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  bench.clock.ms += 2000;
  assert.equal(await compactAll(store), 'idle');
  await assertHolds(store, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  await store.close();
});

test('a removal that fails fences the store', async () => {
  const bench = new Bench();
  const store = await filled(bench);
  await remove(store, 0, 1, 2, 3);
  bench.disk.remove = () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }));
  assert.equal(await compactAll(store), 'idle');
  assert.match(String((await store.stats()).fenced), /could not be removed/);
  assert.equal(await store.compactStep(signal), 'idle');
  await store.close();
});

test('closing ends a compaction under way', async () => {
  const bench = new Bench();
  const store = await filled(bench);
  await remove(store, 0, 1);
  await store.compactStep(signal);
  const step = store.compactStep(signal);
  await Promise.all([step, store.close()]);
  assert.equal(await store.compactStep(signal), 'idle');
  const again = await bench.open(options);
  await assertHolds(again, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  await again.close();
});
