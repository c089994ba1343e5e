import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench, ManualClock, put } from '../../test/support/shard-bench.ts';
import { AdvanceDisk } from './advance-disk.ts';

test('a disk that is written to gets older: first on itself, then in the registration', async () => {
  const bench = new Bench(Math.random);
  const store = await bench.open();
  const clock = new ManualClock();
  const announced: number[] = [];
  let fails = true;
  const announce = async (generation: number) => {
    assert.equal(store.generation, generation);
    if (fails) throw new Error('no names engine');
    announced.push(generation);
  };
  const duty = new AdvanceDisk({ store, announce, clock }, { everyMs: 1000 });
  await put(store, 1, 100);
  await duty.step();
  assert.equal(store.generation, 1);
  clock.ms = 1000;
  await assert.rejects(duty.step(), /no names engine/);
  assert.equal(store.generation, 2);
  fails = false;
  await duty.step();
  assert.deepEqual(announced, [2]);
  clock.ms = 2000;
  await duty.step();
  assert.equal(store.generation, 2, 'nothing was written since');
  await store.close();
});
