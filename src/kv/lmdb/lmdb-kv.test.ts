import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { it, type TestContext } from 'node:test';
import { isCode } from '#base/errors.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { put, then } from '../contract/support.ts';
import { kvContract } from '../kv.contract.ts';
import { prefixSpan } from '../kv.ts';
import { LmdbKv } from './lmdb-kv.ts';

const options = { timeoutMs: 10_000 };
const newFolder = () => fs.mkdtemp(path.join(os.tmpdir(), 'dftfs-lmdb-kv-'));

kvContract('LmdbKv', async () => {
  const folder = await newFolder();
  const world = createNodeWorld();
  const kv = await LmdbKv.open(world, { folder });
  return {
    kv,
    async close() {
      await kv.close();
      await fs.rm(folder, { recursive: true });
    },
    compact: async (revision) => kv.compact(revision),
    pass: (ms) => world.timers.sleep(ms),
  };
});

async function opener(context: TestContext) {
  const folder = await newFolder();
  const opened: LmdbKv[] = [];
  context.after(async () => {
    for (const kv of opened) await kv.close().catch(() => {});
    await fs.rm(folder, { recursive: true });
  });
  const open = async (historyRevisions = 1000) => {
    const kv = await LmdbKv.open(createNodeWorld(), { folder, historyRevisions });
    opened.push(kv);
    return kv;
  };
  return { folder, open };
}

it('has what was acknowledged when it is opened again, and counts on', async (context) => {
  const { open } = await opener(context);
  let kv = await open();
  await kv.txn(then(put('a', 'first'), put('b')), options);
  const { revision } = await kv.txn(then(put('a', 'second')), options);
  const before = await kv.range({ start: 'a', end: 'z', limit: 9 }, options);
  await kv.close();
  kv = await open();
  const { entries, ...after } = await kv.range({ start: 'a', end: 'z', limit: 9 }, options);
  assert.deepEqual(entries, before.entries);
  assert.equal(after.revision, revision);
  assert.equal((await kv.txn(then(put('c')), options)).revision, revision + 1);
});

it('has forgotten what was before when it is opened again', async (context) => {
  const { open } = await opener(context);
  let kv = await open();
  const { revision } = await kv.txn(then(put('a', 'first')), options);
  await kv.txn(then(put('a', 'second')), options);
  await kv.close();
  kv = await open();
  const past = kv.range({ start: 'a', revision }, options);
  await assert.rejects(past, (error) => isCode(error, 'names_unavailable'));
  const end = Promise.withResolvers<string>();
  kv.watch({ start: 'a' }, revision, { onEvents: () => {}, onEnd: end.resolve });
  assert.match(await end.promise, /compacted/);
});

it('begins without what was bound to a lease', async (context) => {
  const { open } = await opener(context);
  let kv = await open();
  const lease = await kv.grantLease(60_000, options);
  const bound = (key: string) =>
    ({ kind: 'put', key, value: Buffer.from('bound'), lease }) as const;
  await kv.txn(then(bound('l/1'), bound('l/2'), bound('l/3'), put('l/4')), options);
  await kv.txn(then(put('l/2', 'free'), { kind: 'delete', start: 'l/3' }), options);
  await kv.txn(then(put('l/3', 'anew')), options);
  await kv.close();
  kv = await open();
  const { entries } = await kv.range({ ...prefixSpan('l/'), limit: 9 }, options);
  assert.deepEqual(
    entries.map(({ key, value }) => `${key} ${value}`),
    ['l/2 free', 'l/3 anew', 'l/4 '],
  );
  assert.equal(await kv.keepLeaseAlive(lease, options), false);
});

it('keeps its history short', async (context) => {
  const { open } = await opener(context);
  const kv = await open(10);
  for (let i = 0; i < 30; i++) await kv.txn(then(put('key', String(i))), options);
  const at = async (back: number) => {
    const revision = kv.revision - back;
    return (await kv.range({ start: 'key', revision }, options)).entries[0]?.value.toString();
  };
  assert.equal(await at(10), '19');
  await assert.rejects(at(21), (error) => isCode(error, 'names_unavailable'));
});

it('lets one process at a time have the folder', async (context) => {
  const { open } = await opener(context);
  const kv = await open();
  await assert.rejects(open(), { code: 'ELOCKED' });
  await kv.close();
  await open();
});

it('answers nothing any more after a write that failed half-way, of which nothing stays', async (context) => {
  const { open } = await opener(context);
  const kv = await open();
  const { revision } = await kv.txn(then(put('a', 'whole')), options);
  // Only a fault makes a write fail: here a value that isn't one.
  const broken = { kind: 'put', key: 'b', value: undefined as unknown as Buffer } as const;
  await assert.rejects(kv.txn(then(put('a', 'half'), broken), options), (error) =>
    isCode(error, 'outcome_unknown'),
  );
  await assert.rejects(kv.get('a', options), (error) => isCode(error, 'names_unavailable'));
  assert.deepEqual(kv.members(), [{ endpoint: 'lmdb', healthy: false }]);
  await kv.close();
  const again = await open();
  assert.equal((await again.get('a', options))?.value.toString(), 'whole');
  assert.equal(again.revision, revision);
});

it('says that it isn’t known when the disk is slow, and goes on', async (context) => {
  const folder = await newFolder();
  const world = createNodeWorld();
  let isSlow = false;
  const after: typeof world.timers.after = (ms, fn) => world.timers.after(isSlow ? 0 : ms, fn);
  const timers = { ...world.timers, after };
  const kv = await LmdbKv.open({ ...world, timers }, { folder });
  context.after(async () => {
    await kv.close();
    await fs.rm(folder, { recursive: true });
  });
  isSlow = true;
  const many = Array.from({ length: 5000 }, (_, i) => put(`slow/${i}`));
  const late = kv.txn(then(...many), options);
  await assert.rejects(late, (error) => isCode(error, 'outcome_unknown'));
  isSlow = false;
  await kv.txn(then(put('next')), options);
  assert.equal((await kv.get('slow/4999', options))?.version, 1);
});

it('notices damage', async (context) => {
  const { folder, open } = await opener(context);
  const kv = await open();
  await kv.txn(then(put('a', 'something to be found')), options);
  await kv.close();
  const file = path.join(folder, 'data.mdb');
  const bytes = await fs.readFile(file);
  for (let at = bytes.indexOf('something'); at >= 0; at = bytes.indexOf('something', at + 1))
    bytes.write('somethinG', at);
  await fs.writeFile(file, bytes);
  const damaged = await open();
  await assert.rejects(damaged.get('a', options), (error) => isCode(error, 'data_damaged'));
});
