import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench, folder } from '../../test/support/shard-bench.ts';

test('a disk gets older with every opening and every advance, and stays itself', async () => {
  const bench = new Bench(Math.random);
  const first = await bench.open();
  const { diskId } = first.identity;
  assert.deepEqual(first.identity, { diskId, generation: 1, isNew: true });
  assert.equal((await first.advance()).generation, 2);
  await first.close();
  const second = await bench.open();
  assert.deepEqual(second.identity, { diskId, generation: 3, isNew: false });
  await second.close();
});

test('a wiped disk is another one', async () => {
  const bench = new Bench(Math.random);
  const before = await bench.open();
  await before.close();
  for (const name of await bench.disk.list(folder)) await bench.disk.remove(`${folder}/${name}`);
  const after = await bench.open();
  assert.notEqual(after.identity.diskId, before.identity.diskId);
  assert.equal(after.identity.isNew, true);
  await after.close();
});
