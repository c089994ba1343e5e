import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isCode } from '#base/errors.ts';
import { ManualTime } from '../../../test/support/manual-time.ts';
import { put, then } from '../contract/support.ts';
import { kvContract } from '../kv.contract.ts';
import { MemoryKv } from './memory-kv.ts';

const options = { timeoutMs: 1000 };

for (const era of [0, 2]) {
  kvContract(`MemoryKv, era ${era}`, async () => {
    const time = new ManualTime();
    const kv = new MemoryKv(time, { era });
    return {
      kv,
      close: () => kv.close(),
      compact: async (revision) => kv.compact(revision),
      pass: (ms) => time.advance(ms),
    };
  });
}

it('counts on above all former eras, none of which can be read', async () => {
  const former = new MemoryKv(new ManualTime());
  const { revision } = await former.txn(then(put('a')), options);
  const kv = new MemoryKv(new ManualTime(), { era: 1 });
  assert.ok((await kv.txn(then(put('a')), options)).revision > revision + 2 ** 43);
  const read = kv.range({ start: 'a', revision }, options);
  await assert.rejects(read, (error) => isCode(error, 'names_unavailable'));
});

it('compacts its history by itself', async () => {
  const kv = new MemoryKv(new ManualTime(), { historyRevisions: 10 });
  for (let i = 0; i < 100; i++) await kv.txn(then(put('key', String(i))), options);
  const at = async (back: number) => {
    const revision = kv.revision - back;
    return (await kv.range({ start: 'key', revision }, options)).entries[0]?.value.toString();
  };
  assert.equal(await at(10), '89');
  await assert.rejects(at(21), (error) => isCode(error, 'names_unavailable'));
});

it('forgets deleted keys when their history is compacted, and only then', async () => {
  const kv = new MemoryKv(new ManualTime());
  const { revision } = await kv.txn(then(put('a'), put('b')), options);
  await kv.txn(then({ kind: 'delete', start: 'a' }), options);
  const keys = async (when: number) => {
    const range = { start: 'a', end: 'c', limit: 9, revision: when };
    return (await kv.range(range, options)).entries.map(({ key }) => key);
  };
  assert.deepEqual(await keys(revision), ['a', 'b']);
  kv.compact(revision + 1);
  assert.deepEqual(await keys(revision + 1), ['b']);
  await kv.txn(then(put('a')), options);
  assert.deepEqual(await keys(revision + 1), ['b']);
  assert.deepEqual(await keys(revision + 2), ['a', 'b']);
});

it('is not reached by what a caller does to its buffers', async () => {
  const kv = new MemoryKv(new ManualTime());
  const value = Buffer.from('before');
  await kv.txn(then({ kind: 'put', key: 'a', value }), options);
  value.fill('x');
  assert.equal((await kv.get('a', options))?.value.toString(), 'before');
});

it('answers nothing once closed', async () => {
  const kv = new MemoryKv(new ManualTime());
  await kv.close();
  await assert.rejects(kv.get('a', options), (error) => isCode(error, 'names_unavailable'));
});
