/**
 * `node store-reader.ts <folder> <count> <length>`: opens a store, says so, waits for a line, reads
 * the shards 0 to count − 1 in all ways there are, and prints how many were sound, damaged, missing,
 * or can't be looked up. Ends with 3 if one came with wrong bytes.
 */
import { once } from 'node:events';
import { isCode } from '#base/errors.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { createLmdbIndexFactory } from '#storage/lmdb-index.ts';
import { openShardStore } from '#storage/open-shard-store.ts';
import { get, shardBody, shardKey } from './shard-bench.ts';

const [folder = '', count, length] = process.argv.slice(2);
const store = await openShardStore(
  { ...createNodeWorld(), log: silentLogger, indexFactory: createLmdbIndexFactory() },
  { folder, clusterId: 'cluster-a', nodeId: 'n1', reserveBytes: 0 },
);
process.stdout.write('open\n');
await once(process.stdin, 'data');

const found = { sound: 0, damaged: 0, missing: 0, unknown: 0 };
for (let number = 0; number < Number(count); number++) {
  try {
    const state = await store.verify(shardKey(number));
    found[state]++;
    if (state !== 'sound') continue;
    const bytes = await get(store, number, Number(length));
    if (!bytes.equals(shardBody(number, Number(length)))) process.exit(3);
  } catch (error) {
    if (!isCode(error, 'store_fenced')) throw error;
    found.unknown++;
  }
}
try {
  const listed = store.list(undefined, 1_000_000).length;
  if (listed > Number(count)) process.exit(3);
} catch (error) {
  if (!isCode(error, 'store_fenced')) throw error;
  found.unknown++;
}
await store.close();
process.stdout.write(`${JSON.stringify(found)}\n`);
process.exit(0);
