import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { nodeId, type VolumeId } from '#base/ids.ts';
import { shardMethods } from '#protocol/shards.ts';
import type { Body } from '#rpc/rpc.ts';
import { emptyBody } from '#rpc/rpc.ts';
import { Bench, benchVolume, shardBody, shardKey } from '../../test/support/shard-bench.ts';
import { shardHandlers } from './shard-service.ts';

const context = { peer: nodeId('n2'), signal: new AbortController().signal };

test('write, read and delete go to the store', async () => {
  const store = await new Bench().open();
  const handlers = shardHandlers(store, () => true);
  const call = (method: string, head: unknown, body: Body = emptyBody) =>
    handlers[method]?.(head, body, context);
  const bytes = shardBody(1, 5000);
  await call(shardMethods.write, { ...shardKey(1), crc: crc32(bytes) }, [bytes]);
  const read = await call(shardMethods.read, { ...shardKey(1), offset: 10, length: 20 });
  assert.deepEqual(read, {
    head: { crc: crc32(bytes.subarray(10, 30)) },
    body: [bytes.subarray(10, 30)],
  });
  await call(shardMethods.delete, { keys: [shardKey(1), shardKey(2)] });
  assert.equal(store.has(shardKey(1)), false);
  await store.close();
});

test('blobs are deleted whole, and a volume is listed in pages', async () => {
  const store = await new Bench().open();
  const handlers = shardHandlers(store, () => true);
  const call = async (method: string, head: unknown) =>
    (await handlers[method]?.(head, emptyBody, context))?.head;
  for (let number = 0; number < 6; number++) {
    const key = { ...shardKey(number % 2), stripe: number, slot: 1 };
    await store.write(key, [shardBody(number, 10)], crc32(shardBody(number, 10)));
  }
  const other = { ...shardKey(0), volume: '00000000000000ab' as VolumeId };
  await store.write(other, [shardBody(7, 10)], crc32(shardBody(7, 10)));
  const [zero, one] = [shardKey(0).blob, shardKey(1).blob];
  const page = { volume: benchVolume, limit: 2 };
  assert.deepEqual(await call(shardMethods.list, { ...page, after: null }), {
    shards: [
      [zero, 0, 1, 10],
      [zero, 2, 1, 10],
    ],
  });
  const after = { ...shardKey(0), stripe: 4, slot: 1 };
  assert.deepEqual(await call(shardMethods.list, { ...page, after }), {
    shards: [
      [one, 1, 1, 10],
      [one, 3, 1, 10],
    ],
  });
  const blobs = [{ volume: benchVolume, blob: zero }];
  assert.deepEqual(await call(shardMethods.deleteBlobs, { blobs }), { more: false });
  const left = store.list(undefined, 10).map(({ key }) => key);
  assert.deepEqual(
    left.map(({ blob }) => blob),
    [one, one, one, zero],
  );
  await store.close();
});

const good = { ...shardKey(1), crc: 1, offset: 0, length: 1, keys: [shardKey(1)] };
const bad: Record<string, unknown[]> = {
  [shardMethods.write]: [
    undefined,
    null,
    'text',
    { ...good, blob: undefined },
    { ...good, volume: undefined },
    { ...good, volume: `${good.volume}0` },
    { ...good, blob: `${good.blob}0` },
    { ...good, blob: good.blob.replace('0', 'A') },
    { ...good, stripe: -1 },
    { ...good, stripe: 2 ** 32 },
    { ...good, slot: 256 },
    { ...good, slot: 1.5 },
    { ...good, crc: Number.NaN },
    { ...good, crc: '1' },
  ],
  [shardMethods.read]: [
    { ...good, offset: -1 },
    { ...good, length: undefined },
    { ...good, slot: 1n },
  ],
  [shardMethods.list]: [
    { ...good, limit: 10_001, after: null },
    { ...good, limit: 1, after: {} },
    { ...good, volume: '', limit: 1, after: null },
  ],
  [shardMethods.deleteBlobs]: [
    { blobs: undefined },
    { blobs: [{ volume: good.volume }] },
    { blobs: Array(10_001).fill(good) },
  ],
  [shardMethods.delete]: [
    { ...good, keys: undefined },
    { ...good, keys: [null] },
    { ...good, keys: [{ ...good, stripe: '0' }] },
    { ...good, keys: Array(10_001).fill(shardKey(1)) },
  ],
};

test('a head of another shape is refused', async () => {
  const store = await new Bench().open();
  const handlers = shardHandlers(store, () => true);
  for (const [method, heads] of Object.entries(bad)) {
    for (const head of heads) {
      const done = handlers[method]?.(head, [Buffer.from('a')], context);
      await assert.rejects(done ?? Promise.resolve(), { code: 'invalid_message' });
    }
  }
  await store.close();
});

test('what a disk lacks proves nothing while the cluster does not know it', async () => {
  const store = await new Bench().open();
  let isJudged = false;
  const handlers = shardHandlers(store, () => isJudged);
  const call = async (method: string, head: unknown, body: Body = emptyBody) =>
    (await handlers[method]?.(head, body, context))?.head;
  const bytes = shardBody(1, 100);
  await call(shardMethods.write, { ...shardKey(1), crc: crc32(bytes) }, [bytes]);
  const list = { volume: benchVolume, after: null, limit: 9 };
  const missing = { ...shardKey(2), offset: 0, length: 1 };
  const lost = { code: 'session_lost' };
  await assert.rejects(call(shardMethods.list, list), lost);
  await assert.rejects(call(shardMethods.read, missing), lost);
  await call(shardMethods.read, { ...shardKey(1), offset: 0, length: 1 });
  isJudged = true;
  await call(shardMethods.list, list);
  await assert.rejects(call(shardMethods.read, missing), { code: 'shard_missing' });
  await store.close();
});
