import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { nodeId } from '#base/ids.ts';
import { shardMethods } from '#protocol/shards.ts';
import type { Body } from '#rpc/rpc.ts';
import { emptyBody } from '#rpc/rpc.ts';
import { Bench, shardBody, shardKey } from '../../test/support/shard-bench.ts';
import { shardHandlers } from './shard-service.ts';

const context = { peer: nodeId('n2'), signal: new AbortController().signal };

test('write, read and delete go to the store', async () => {
  const store = await new Bench().open();
  const handlers = shardHandlers(store);
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

const good = { ...shardKey(1), crc: 1, offset: 0, length: 1, keys: [shardKey(1)] };
const bad: Record<string, unknown[]> = {
  [shardMethods.write]: [
    undefined,
    null,
    'text',
    { ...good, blob: undefined },
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
  [shardMethods.delete]: [
    { ...good, keys: undefined },
    { ...good, keys: [null] },
    { ...good, keys: [{ ...good, stripe: '0' }] },
    { ...good, keys: Array(10_001).fill(shardKey(1)) },
  ],
};

test('a head of another shape is refused', async () => {
  const store = await new Bench().open();
  const handlers = shardHandlers(store);
  for (const [method, heads] of Object.entries(bad)) {
    for (const head of heads) {
      const done = handlers[method]?.(head, [Buffer.from('a')], context);
      await assert.rejects(done ?? Promise.resolve(), { code: 'invalid_message' });
    }
  }
  await store.close();
});
