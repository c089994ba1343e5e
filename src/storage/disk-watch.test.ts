import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualTime } from '../../test/support/manual-time.ts';
import { Bench, get, put, shardBody } from '../../test/support/shard-bench.ts';
import { DiskWatch } from './disk-watch.ts';

function newWatch() {
  const time = new ManualTime();
  const hangs: string[] = [];
  const watch = new DiskWatch({ ...time, onHang: (what) => hangs.push(what) }, { hungMs: 30_000 });
  return { time, hangs, watch };
}

const after = async (time: ManualTime, ms: number) => await time.timers.sleep(ms);

test('what an operation took is told while it goes on, and for a while after', async () => {
  const { time, hangs, watch } = newWatch();
  assert.equal(watch.slowestMs, 0);
  const slow = watch.during('read', () => after(time, 5000));
  await time.advance(4000);
  const quick = watch.during('read', () => after(time, 10));
  await time.advance(100);
  await quick;
  assert.equal(watch.slowestMs, 4100);
  await time.advance(1000);
  await slow;
  assert.equal(watch.slowestMs, 5000);
  await time.advance(10_000);
  assert.equal(watch.slowestMs, 0);
  assert.deepEqual(hangs, []);
});

test('an operation that does not end is told once; long series of short ones are not', async () => {
  const { time, hangs, watch } = newWatch();
  for (let count = 0; count < 10; count++) {
    const overlapping = watch.during('read', () => after(time, 9000));
    await time.advance(5000);
    void overlapping;
  }
  assert.deepEqual(hangs, []);
  void watch.during('sync', () => new Promise(() => {}));
  await time.advance(29_000);
  assert.deepEqual(hangs, []);
  await time.advance(2000);
  assert.deepEqual(hangs, ['sync']);
  await time.advance(100_000);
  assert.deepEqual(hangs, ['sync']);
});

test('an operation that fails has ended', async () => {
  const { time, hangs, watch } = newWatch();
  await assert.rejects(watch.during('read', () => Promise.reject(new Error('EIO'))));
  await time.advance(100_000);
  assert.equal(watch.slowestMs, 0);
  assert.deepEqual(hangs, []);
});

test('a disk that hangs fences the store, and its state can still be asked for', async () => {
  const time = new ManualTime();
  const bench = new Bench();
  const store = await bench.open({}, time);
  await put(store, 1, 1000);
  let goOn = () => {};
  bench.disk.stall = new Promise((resolve) => {
    goOn = resolve;
  });
  const write = put(store, 2, 1000);
  const ask = async () => {
    const stats = store.stats();
    await time.advance(1000);
    return await stats;
  };
  await time.advance(6000);
  const queued = assert.rejects(put(store, 3, 1000), { code: 'store_fenced' });
  const slow = await ask();
  assert.ok(slow.slowestMs >= 6000);
  assert.equal(slow.fenced, undefined);
  await time.advance(30_000);
  assert.match(String((await ask()).fenced), /hangs/);
  await assert.rejects(put(store, 4, 1000), { code: 'store_fenced' });
  bench.disk.stall = undefined;
  goOn();
  await write;
  await queued;
  assert.deepEqual(await get(store, 1, 1000), shardBody(1, 1000));
  await store.close();
});
