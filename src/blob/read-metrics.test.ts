import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { DftfsError } from '#base/errors.ts';
import { nodeId } from '#base/ids.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { MetricRegister } from '#observe/metric-register.ts';
import { countedIn } from '../../test/support/counted.ts';
import { shardKey } from '../../test/support/shard-bench.ts';
import { blobReaderDefaults } from './read-blob.ts';
import { ReadMetrics } from './read-metrics.ts';
import type { ShardCalls } from './shard-calls.ts';
import { ShardFetcher } from './shard-fetcher.ts';

const node = nodeId('n1');
const bytes = Buffer.from('shard');

function rig(read: () => Promise<{ body: Buffer[]; crc: number }>) {
  const register = new MetricRegister();
  const fetcher = new ShardFetcher(
    {
      shards: { read } as unknown as ShardCalls,
      map: { suspect: () => {} },
      self: node,
      world: createNodeWorld(),
      metrics: new ReadMetrics(register),
    },
    { ...blobReaderDefaults, hedgeBurst: 2 },
  );
  const fetch = (signal = new AbortController().signal) =>
    fetcher.fetch(node, shardKey(1), 0, bytes.length, signal);
  return { fetcher, fetch, counted: () => countedIn(register) };
}

test('fetches are counted, and why some fail', async () => {
  const answers = [
    async () => ({ body: [bytes], crc: crc32(bytes) }),
    async () => ({ body: [bytes], crc: 1 }),
    async () => Promise.reject(new DftfsError('shard_missing', 'for the test')),
    async () => Promise.reject(new DftfsError('peer_unreachable', 'for the test')),
  ];
  const { fetch, counted } = rig(() => (answers.shift() as (typeof answers)[number])());
  const settled = [await fetch(), ...(await Promise.allSettled([fetch(), fetch(), fetch()]))];
  assert.equal(settled.length, 4);
  const found = await counted();
  assert.equal(found.dftfs_read_fetches_total, 4);
  assert.equal(found['dftfs_read_failed_fetches_total damaged'], 1);
  assert.equal(found['dftfs_read_failed_fetches_total garbled'], 1);
  assert.equal(found['dftfs_read_failed_fetches_total unreachable'], 1);
});

test('what was called off is no failure', async () => {
  const { fetch, counted } = rig(() => Promise.reject(new DftfsError('canceled', 'for the test')));
  await assert.rejects(fetch(AbortSignal.abort()));
  assert.equal((await counted())['dftfs_read_failed_fetches_total unreachable'], 0);
});

test('hedges are counted, and those that the budget refuses', async () => {
  const { fetcher, counted } = rig(() => assert.fail('nothing is fetched'));
  assert.deepEqual(
    [1, 2, 3].map(() => fetcher.takeHedge()),
    [true, true, false],
  );
  const found = await counted();
  assert.equal(found['dftfs_read_hedges_total sent'], 2);
  assert.equal(found['dftfs_read_hedges_total refused'], 1);
});
