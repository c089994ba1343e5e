import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { type ErrorCode, isCode } from '#base/errors.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { checkNames, type NamesFixture, namesFixture } from '../../test/support/names-fixture.ts';

const key = { idempotencyKey: 'k' };
const fails = (promise: Promise<unknown>, code: ErrorCode) =>
  assert.rejects(promise, (error) => isCode(error, code) && error.outcome === 'none');

let fixture: NamesFixture;
beforeEach(async () => {
  fixture = await namesFixture(new MemoryKv(createNodeWorld()));
});

test('a repeated put is told of the first; one with another key or none is refused', async () => {
  const { namespace, newFile } = fixture;
  const first = newFile(key);
  const created = await namespace.create('/a', first);
  assert.equal(created.repeated, false);
  const again = await namespace.create('/a', newFile(key));
  assert.deepEqual(again, { entry: created.entry, repeated: true });
  await fails(namespace.create('/a', newFile({ idempotencyKey: 'other' })), 'path_exists');
  await fails(namespace.create('/a', newFile()), 'path_exists');
});

test('a key used for other bytes, or with another verb, was reused', async () => {
  const { namespace, newFile } = fixture;
  await namespace.create('/a', newFile(key));
  await fails(namespace.create('/a', newFile({ ...key, crc: 99 })), 'idempotency_key_reused');
  await fails(namespace.create('/a', newFile({ ...key, size: 99 })), 'idempotency_key_reused');
  await namespace.create('/b', newFile());
  await fails(namespace.copy('/b', '/a', key), 'idempotency_key_reused');
  await fails(namespace.move('/b', '/a', key), 'idempotency_key_reused');
});

test('the same key may serve for different paths', async () => {
  const { namespace, newFile } = fixture;
  await namespace.create('/a', newFile(key));
  await namespace.create('/b', newFile(key));
  await namespace.copy('/a', '/c', key);
  assert.equal((await checkNames(fixture.kv)).size, 3);
});

test('a repeated copy or move is a success, even when the source has gone', async () => {
  const { namespace, newFile } = fixture;
  await namespace.create('/a', newFile());
  const copied = await namespace.copy('/a', '/b', key);
  assert.deepEqual(await namespace.copy('/a', '/b', key), copied);
  await namespace.remove('/a');
  assert.deepEqual(await namespace.copy('/a', '/b', key), copied);
  const moved = await namespace.move('/b', '/c', key);
  assert.deepEqual(await namespace.move('/b', '/c', key), moved);
  await fails(namespace.move('/b', '/c'), 'path_not_found');
});

test('a repeated removal is a success and leaves a newer file alone', async () => {
  const { namespace, newFile } = fixture;
  await namespace.create('/a', newFile());
  await namespace.remove('/a', key);
  await namespace.remove('/a', key);
  await fails(namespace.remove('/a'), 'path_not_found');
  await fails(namespace.remove('/a', { idempotencyKey: 'other' }), 'path_not_found');
  await namespace.create('/a', newFile());
  await namespace.remove('/a', key);
  assert.deepEqual([...(await checkNames(fixture.kv)).keys()], ['/a']);
});

test('of removals side by side with one key all succeed, without a key one does', async () => {
  const { namespace, newFile } = fixture;
  await namespace.create('/a', newFile());
  await Promise.all([1, 2, 3].map(() => namespace.remove('/a', key)));
  await namespace.create('/b', newFile());
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => namespace.remove('/b')));
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('a copy has the source’s type and metadata and is new; a move is the same file', async () => {
  const { namespace, newFile, time } = fixture;
  const { entry } = await namespace.create('/a', newFile());
  await time.sleep(1000);
  const copied = await namespace.copy('/a', '/b');
  const { modifiedMs, request, ...same } = copied.record;
  assert.equal(modifiedMs, entry.record.modifiedMs + 1000);
  assert.notEqual(request, entry.record.request);
  assert.deepEqual({ ...entry.record, ...same }, entry.record);
  assert.deepEqual(await namespace.lookup('/b'), copied);
  const moved = await namespace.move('/a', '/c');
  assert.deepEqual({ ...moved.record, request: entry.record.request }, entry.record);
  assert.equal(await namespace.lookup('/a'), undefined);
});

test('a copy or move onto itself finds the path taken, or nothing', async () => {
  const { namespace, newFile } = fixture;
  await fails(namespace.copy('/a', '/a'), 'path_not_found');
  await namespace.create('/a', newFile());
  await fails(namespace.copy('/a', '/a'), 'path_exists');
  await fails(namespace.move('/a', '/a'), 'path_exists');
  assert.equal((await checkNames(fixture.kv)).size, 1);
});

test('a tree of several pages goes whole, also where names share blobs', async () => {
  const { namespace, newFile, kv } = fixture;
  const blobs = [];
  for (let i = 0; i < 250; i++) {
    const file = newFile();
    blobs.push(file.blob);
    await namespace.create(`/t/${i}`, file);
    if (i % 3 === 0) await namespace.copy(`/t/${i}`, `/t/z/${i}`);
    if (i % 50 === 0) await namespace.copy(`/t/${i}`, `/kept/${i}`);
  }
  await namespace.create('/t', newFile());
  await namespace.create('/t-not', newFile());
  assert.equal(await namespace.removeTree('/t'), 250 + 84 + 1);
  const names = await checkNames(kv, blobs);
  assert.equal(names.size, 5 + 1);
  await fails(namespace.removeTree('/t'), 'path_not_found');
});

test('a tree of the longest paths fits into the transactions that remove it', async () => {
  const { namespace, newFile, kv } = fixture;
  for (let i = 0; i < 150; i++) {
    await namespace.create(`/${`${i}`.padEnd(1023, 'x')}`, newFile());
  }
  assert.equal(await namespace.removeTree('/'), 150);
  await checkNames(kv);
});

test('a recursive removal whose caller goes says that a part is gone', async () => {
  const { namespace, newFile } = fixture;
  await namespace.create('/t', newFile());
  await namespace.create('/t/1', newFile());
  await fails(namespace.removeTree('/t', { signal: AbortSignal.abort() }), 'canceled');
  assert.notEqual(await namespace.lookup('/t'), undefined);
});
