import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { checkBlockBytes } from '#base/limits.ts';
import type { ShardKey } from '#protocol/shards.ts';
import {
  Bench,
  compactAll,
  folder,
  get,
  put,
  shardBody,
  shardKey,
} from '../../test/support/shard-bench.ts';
import { segmentFileName } from './segment-files.ts';
import { headerBytes, recordBytes, shardBytesMax } from './shard-record.ts';

const K = 1024;
const segment = (number: number) => `${folder}/${segmentFileName(number)}`;

test('shards of all lengths come back whole and in ranges', async () => {
  const store = await new Bench().open();
  const lengths = [1, 100, 4096, checkBlockBytes, checkBlockBytes + 1, 1000 * K, shardBytesMax];
  for (const [number, length] of lengths.entries()) {
    const body = shardBody(number, length);
    const cut = Math.floor(length / 3);
    await store.write(shardKey(number), [body.subarray(0, cut), body.subarray(cut)], crc32(body));
    assert.equal(store.has(shardKey(number)), true);
    const edges = [0, 1, checkBlockBytes - 1, checkBlockBytes, 3 * checkBlockBytes + 5, length - 1];
    for (const offset of edges.filter((edge) => edge < length)) {
      for (const wanted of [1, 4096, checkBlockBytes, 2 * checkBlockBytes + 9, length]) {
        const expected = body.subarray(offset, offset + Math.min(wanted, length - offset));
        const got = await store.read(shardKey(number), offset, expected.length);
        assert.deepEqual(Buffer.concat(got.body), expected);
        assert.equal(got.crc, crc32(expected));
      }
    }
  }
  await store.close();
});

test('what can not be asked is refused', async () => {
  const store = await new Bench().open();
  await put(store, 1, 100);
  await assert.rejects(store.read(shardKey(2), 0, 1), { code: 'shard_missing' });
  await assert.rejects(store.read(shardKey(1), 50, 51), { code: 'invalid_argument' });
  await assert.rejects(store.read(shardKey(1), 0, 0), { code: 'invalid_argument' });
  await assert.rejects(store.write(shardKey(3), [], 0), { code: 'invalid_argument' });
  const tooLong = Buffer.alloc(shardBytesMax + 1);
  await assert.rejects(store.write(shardKey(3), [tooLong], 0), { code: 'invalid_argument' });
  await assert.rejects(store.write(shardKey(3), [Buffer.from('a')], 1), { code: 'shard_corrupt' });
  assert.equal(store.has(shardKey(3)), false);
  await store.close();
  await assert.rejects(put(store, 4, 10), { code: 'store_fenced' });
});

test('the same shard again is fine with the same bytes only', async () => {
  const store = await new Bench().open();
  await Promise.all([put(store, 1, 100), put(store, 1, 100), put(store, 1, 100)]);
  await put(store, 1, 100);
  assert.equal((await store.stats()).segmentBytes, recordBytes(100));
  const other = shardBody(2, 100);
  const write = () => store.write(shardKey(1), [other], crc32(other));
  await assert.rejects(write(), { code: 'invalid_argument' });
  const first = put(store, 5, 50);
  const second = store.write(shardKey(5), [other], crc32(other));
  await assert.rejects(second, { code: 'invalid_argument' });
  await first;
  assert.deepEqual(await get(store, 1, 100), shardBody(1, 100));
  await store.close();
});

test('many writes at once share the flushes', async () => {
  const bench = new Bench();
  const store = await bench.open();
  await put(store, 0, 10);
  const before = bench.disk.syncs;
  await Promise.all(Array.from({ length: 200 }, (_, number) => put(store, number + 1, 4096)));
  assert.ok(bench.disk.syncs - before <= 2, `${bench.disk.syncs - before} flushes`);
  await store.close();
});

test('too many writes at once are refused, none is lost', async () => {
  const store = await new Bench().open();
  const bytes = shardBody(1, 4 * K);
  const big = Buffer.concat(Array.from({ length: 700 }, () => bytes));
  const outcomes = await Promise.allSettled(
    Array.from({ length: 26 }, (_, number) => store.write(shardKey(number), [big], crc32(big))),
  );
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  assert.ok(refused.length > 0 && refused.length < 10);
  for (const { reason } of refused as PromiseRejectedResult[]) {
    assert.equal(reason.code, 'overloaded');
  }
  for (const [number, { status }] of outcomes.entries()) {
    assert.equal(store.has(shardKey(number)), status === 'fulfilled');
  }
  await store.close();
});

test('a deleted shard stays deleted, over restarts and index losses', async () => {
  const bench = new Bench();
  const { indexFactory } = bench;
  let store = await bench.open();
  for (let number = 1; number <= 5; number++) await put(store, number, 1000);
  await store.delete([shardKey(2), shardKey(4), shardKey(99)]);
  const check = async () => {
    await assert.rejects(get(store, 2, 1000), { code: 'shard_missing' });
    assert.equal(store.has(shardKey(4)), false);
    assert.deepEqual(await get(store, 3, 1000), shardBody(3, 1000));
    const { shards, liveBytes } = await store.stats();
    assert.deepEqual({ shards, liveBytes }, { shards: 3, liveBytes: 3000 });
  };
  await check();
  await store.close();
  store = await bench.open();
  await check();
  await store.close();
  await indexFactory.discard(`${folder}/index`);
  store = await bench.open();
  await check();
  await put(store, 2, 1000);
  assert.deepEqual(await get(store, 2, 1000), shardBody(2, 1000));
  await store.close();
});

test('a delete waits for the write of the same shard', async () => {
  const store = await new Bench().open();
  const write = put(store, 1, 1000);
  await store.delete([shardKey(1)]);
  await write;
  assert.equal(store.has(shardKey(1)), false);
  await store.close();
});

test('what is being deleted counts as gone, and what is written meanwhile stays', async () => {
  const bench = new Bench();
  let store = await bench.open();
  await put(store, 1, 1000);
  await put(store, 2, 1000);
  const earlier = put(store, 3, 1000);
  const others = Array.from({ length: 3000 }, (_, index) => shardKey(100 + index));
  const deletes = [
    store.delete([...others, shardKey(1), shardKey(3)]),
    store.delete([shardKey(1), shardKey(3)]),
  ];
  assert.deepEqual(
    [1, 2, 3].map((number) => store.has(shardKey(number))),
    [false, true, false],
  );
  assert.deepEqual(
    store.list(undefined, 1).map(({ key }) => key),
    [shardKey(2)],
  );
  await Promise.all([put(store, 1, 1000), put(store, 3, 1000), earlier, ...deletes]);
  bench.disk.crash();
  await bench.indexFactory.discard(`${folder}/index`);
  store = await bench.open();
  for (const number of [1, 2, 3]) {
    assert.deepEqual(await get(store, number, 1000), shardBody(number, 1000));
  }
  await store.close();
});

test('a shard that could not be deleted is there again', async () => {
  const bench = new Bench();
  const store = await bench.open();
  await put(store, 1, 1000);
  bench.disk.writeFailures.push('ENOSPC');
  const deleting = store.delete([shardKey(1)]);
  const again = put(store, 1, 1000);
  await assert.rejects(deleting, { code: 'store_full' });
  await again;
  assert.equal(store.has(shardKey(1)), true);
  assert.deepEqual(await get(store, 1, 1000), shardBody(1, 1000));
  await store.close();
});

test('list pages through the keys in order, committed or not', async () => {
  const bench = new Bench();
  const store = await bench.open();
  const numbers = Array.from({ length: 60 }, (_, index) => (index * 37) % 101);
  for (const [index, number] of numbers.entries()) {
    await put(store, number, 10);
    if (index % 20 === 19) bench.timers.run();
  }
  await store.delete(numbers.slice(0, 10).map((number) => shardKey(number)));
  const found: ShardKey[] = [];
  for (let after: ShardKey | undefined; ; after = found.at(-1)) {
    const page = store.list(after, 7);
    found.push(...page.map(({ key }) => key));
    assert.ok(page.every(({ length }) => length === 10));
    if (page.length < 7) break;
  }
  const expected = numbers.slice(10).sort((a, b) => a - b);
  assert.deepEqual(
    found,
    expected.map((number) => shardKey(number)),
  );
  await store.close();
});

test('segments roll, and all of them are read', async () => {
  const bench = new Bench();
  let store = await bench.open({ segmentBytesMax: 10_000 });
  for (let number = 0; number < 20; number++) await put(store, number, 3000);
  await store.close();
  assert.ok((await bench.disk.list(folder)).filter((name) => name.endsWith('.log')).length >= 6);
  await bench.indexFactory.discard(`${folder}/index`);
  store = await bench.open({ segmentBytesMax: 10_000 });
  for (let number = 0; number < 20; number++) {
    assert.deepEqual(await get(store, number, 3000), shardBody(number, 3000));
  }
  await store.close();
});

test('a flipped bit is found on reading; the other blocks still serve', async () => {
  const bench = new Bench();
  const store = await bench.open();
  const length = 3 * checkBlockBytes;
  await put(store, 1, length);
  await put(store, 2, 1000);
  bench.disk.flip(segment(1), headerBytes(length) + checkBlockBytes + 5);
  await assert.rejects(get(store, 1, length), { code: 'shard_corrupt' });
  await assert.rejects(store.read(shardKey(1), checkBlockBytes, 1), { code: 'shard_corrupt' });
  const last = await store.read(shardKey(1), 2 * checkBlockBytes, 100);
  const from = 2 * checkBlockBytes;
  assert.deepEqual(Buffer.concat(last.body), shardBody(1, length).subarray(from, from + 100));
  assert.equal((await store.stats()).corrupt, 1);

  await put(store, 1, length);
  assert.deepEqual(await get(store, 1, length), shardBody(1, length));
  bench.disk.flip(segment(1), recordBytes(length) + 7);
  await assert.rejects(get(store, 2, 1000), { code: 'shard_corrupt' });
  await store.close();
});

test('reads leave the thread to others when the disk is slow', async () => {
  const bench = new Bench();
  const store = await bench.open();
  await put(store, 1, 1000);
  await get(store, 1, 1000);
  let held = 0;
  bench.disk.onReadNow = () => {
    held++;
    bench.clock.ms += 5;
  };
  for (let count = 0; count < 50; count++) await get(store, 1, 1000);
  assert.ok(held > 0 && held < 10, `${held} slow reads held up the thread`);
  const before = held;
  bench.clock.ms += 10_000;
  await get(store, 1, 1000);
  assert.equal(held, before + 1);
  await store.close();
});

test('a full disk refuses writes; reads and deletes go on, and room helps', async () => {
  const bench = new Bench();
  bench.disk.capacityBytes = 100_000;
  const store = await bench.open({ reserveBytes: 20_000 });
  for (let number = 0; number < 7; number++) await put(store, number, 10_000);
  await assert.rejects(put(store, 9, 10_000), { code: 'store_full' });
  assert.deepEqual(await get(store, 3, 10_000), shardBody(3, 10_000));
  await store.delete([shardKey(3)]);
  assert.equal(store.has(shardKey(3)), false);
  bench.disk.capacityBytes = 200_000;
  bench.clock.ms += 2000;
  await put(store, 9, 10_000);
  assert.equal((await store.stats()).fenced, undefined);
  await store.close();
});

test('a store takes no more than its share of the disk, however free that is', async () => {
  const bench = new Bench();
  const capacityBytes = 10 * recordBytes(10_000) + 100;
  const store = await bench.open({ capacityBytes, segmentBytesMax: 2 * recordBytes(10_000) });
  for (let number = 0; number < 10; number++) await put(store, number, 10_000);
  await assert.rejects(put(store, 10, 10_000), { code: 'store_full' });
  const full = await store.stats();
  assert.deepEqual(
    [full.full, full.freeBytes, full.totalBytes, full.fenced],
    [true, 100, capacityBytes, undefined],
  );
  assert.deepEqual(await get(store, 3, 10_000), shardBody(3, 10_000));
  await store.delete([shardKey(0), shardKey(3)]);
  await assert.rejects(put(store, 10, 10_000), { code: 'store_full' });
  assert.equal(await compactAll(store), 'idle');
  await put(store, 10, 10_000);
  assert.equal((await store.stats()).shards, 9);
  await store.close();
});

test('a damaged shard is written anew on a full disk', async () => {
  const bench = new Bench();
  bench.disk.capacityBytes = 50_000;
  const store = await bench.open({ reserveBytes: 30_000 });
  await put(store, 1, 10_000);
  await put(store, 2, 5000);
  await assert.rejects(put(store, 3, 10_000), { code: 'store_full' });
  bench.disk.flip(segment(1), headerBytes(10_000) + 7);
  await put(store, 1, 10_000);
  assert.deepEqual(await get(store, 1, 10_000), shardBody(1, 10_000));
  assert.equal((await store.stats()).full, true);
  await store.close();
});

test('a write that finds no room is taken back', async () => {
  const bench = new Bench();
  let store = await bench.open();
  await put(store, 1, 1000);
  bench.disk.capacityBytes = 1000 + bench.disk.capacityBytes - bench.disk.freeBytes;
  const outcome = await put(store, 2, 5000).catch((error) => error);
  assert.equal(outcome.code, 'store_full');
  assert.equal(bench.disk.contents(segment(1)).length, recordBytes(1000));
  bench.disk.capacityBytes = 1 << 30;
  bench.clock.ms += 2000;
  await put(store, 3, 2000);
  await store.close();
  await bench.indexFactory.discard(`${folder}/index`);
  store = await bench.open();
  assert.deepEqual(await get(store, 1, 1000), shardBody(1, 1000));
  assert.deepEqual(await get(store, 3, 2000), shardBody(3, 2000));
  assert.equal((await store.stats()).corrupt, 0);
  await store.close();
});

for (const where of ['writeFailures', 'syncFailures'] as const) {
  test(`EIO (${where}) fences the store for good; reads go on`, async () => {
    const bench = new Bench();
    const store = await bench.open();
    await put(store, 1, 1000);
    bench.disk[where].push('EIO');
    await assert.rejects(put(store, 2, 1000), { code: 'store_fenced', outcome: 'maybe' });
    await assert.rejects(put(store, 3, 1000), { code: 'store_fenced', outcome: 'none' });
    await assert.rejects(store.delete([shardKey(1)]), { code: 'store_fenced' });
    assert.deepEqual(await get(store, 1, 1000), shardBody(1, 1000));
    assert.match(String((await store.stats()).fenced), /disk failed/);
    await store.close();
  });
}

test('what a failed flush left in the page cache is made durable before it counts', async () => {
  const bench = new Bench(() => 0.1);
  const store = await bench.open();
  await put(store, 1, 1000);
  bench.disk.syncFailures.push('EIO');
  await assert.rejects(put(store, 2, 1000), { code: 'store_fenced' });
  await store.close();
  const second = await bench.open();
  assert.equal(second.has(shardKey(2)), true);
  await put(second, 2, 1000);
  bench.disk.crash();
  const third = await bench.open();
  assert.deepEqual(await get(third, 2, 1000), shardBody(2, 1000));
  await third.close();
});
