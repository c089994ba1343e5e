/**
 * `node store-reader.ts <folder> <count> <length>`: opens a store, says so, waits for a line, and
 * reads the shards 0 to count − 1 in all ways there are, once more if the index was made anew
 * meanwhile. Prints what it found the first and the last time. Ends with 3 if a shard came with
 * wrong bytes.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCode } from '#base/errors.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { HealingShardStore } from '#storage/healing-shard-store.ts';
import { createLmdbIndexFactory } from '#storage/lmdb-index.ts';
import type { ShardState } from '#storage/shard-store.ts';
import { get, shardBody, shardKey } from './shard-bench.ts';

const [folder = '', ...numbers] = process.argv.slice(2);
const [count = 0, length = 0] = numbers.map(Number);
const store = await HealingShardStore.open(
  { ...createNodeWorld(), log: silentLogger, indexFactory: createLmdbIndexFactory() },
  { folder, clusterId: 'cluster-a', nodeId: 'n1', reserveBytes: 0 },
);
process.stdout.write('open\n');
await once(process.stdin, 'data');

/** Undefined while the index says nothing. */
async function orFenced<T>(question: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await question();
  } catch (error) {
    if (isCode(error, 'store_fenced')) return undefined;
    throw error;
  }
}

async function readAll(): Promise<Record<ShardState | 'unknown', number>> {
  const found = { sound: 0, damaged: 0, missing: 0, unknown: 0 };
  for (let number = 0; number < count; number++) {
    const state = (await orFenced(() => store.verify(shardKey(number)))) ?? 'unknown';
    found[state]++;
    if (state !== 'sound') continue;
    const bytes = await orFenced(() => get(store, number, length));
    if (bytes?.equals(shardBody(number, length)) === false) process.exit(3);
  }
  const listed = await orFenced(() => store.list(undefined, 1_000_000).length);
  if (listed === undefined) found.unknown++;
  return found;
}

const first = await readAll();
let last = first;
for (let waits = 0; last.unknown > 0 && waits < 100; waits++) {
  await sleep(50);
  last = await readAll();
}
await store.close();
process.stdout.write(`${JSON.stringify({ first, last })}\n`);
process.exit(0);
