import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { get, shardBody, shardKey } from '../../test/support/shard-bench.ts';
import { createLmdbIndexFactory } from './lmdb-index.ts';
import { openShardStore } from './open-shard-store.ts';

const writer = new URL('../../test/support/shard-writer.ts', import.meta.url).pathname;
const length = 3000;
let folder: string;

before(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'killed-store-test-'));
});
after(() => fs.rm(folder, { recursive: true, force: true }));

/**
 * Runs a process that writes shards from `from` on, and kills it when `count` were acknowledged.
 */
async function writeUntilKilled(from: number, count: number): Promise<number[]> {
  const args = [writer, folder, String(from), String(length)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const acked: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acked.push(Number(line));
    if (acked.length === count) child.kill('SIGKILL');
  }
  assert.deepEqual((await ended)[1], 'SIGKILL');
  return acked;
}

const open = () =>
  openShardStore(
    {
      ...createNodeWorld(),
      log: silentLogger,
      indexFactory: createLmdbIndexFactory(),
    },
    { folder, clusterId: 'cluster-a', nodeId: 'n1', reserveBytes: 0 },
  );

test('kill -9 in the midst of writing loses nothing acknowledged', async () => {
  const acked: number[] = [];
  for (const [life, count] of [1, 800, 300].entries()) {
    acked.push(...(await writeUntilKilled(life * 100_000, count)));
    const store = await open();
    for (const number of acked) {
      assert.deepEqual(await get(store, number, length), shardBody(number, length));
    }
    const { shards, liveBytes, corrupt } = await store.stats();
    assert.ok(shards >= acked.length && liveBytes === shards * length);
    assert.equal(corrupt, 0);
    await store.delete([shardKey(acked.shift() as number)]);
    await store.close();
  }
  const store = await open();
  const all = store.list(undefined, 100_000);
  assert.equal((await store.stats()).shards, all.length);
  await store.close();
});
