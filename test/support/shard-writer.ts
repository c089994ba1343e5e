/**
 * `node shard-writer.ts <folder> <from> <length>`: writes shards until killed; a line for each
 * acknowledged.
 */
import fs from 'node:fs';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { createLmdbIndexFactory } from '#storage/lmdb-index.ts';
import { openShardStore } from '#storage/open-shard-store.ts';
import { put } from './shard-bench.ts';

const [folder = '', from, length] = process.argv.slice(2);
const store = await openShardStore(
  { ...createNodeWorld(), log: silentLogger, indexFactory: createLmdbIndexFactory() },
  { folder, clusterId: 'cluster-a', nodeId: 'n1', reserveBytes: 0, indexCommitDelayMs: 50 },
);
let next = Number(from);
async function work(): Promise<never> {
  for (;;) {
    const number = next++;
    await put(store, number, Number(length));
    fs.writeSync(1, `${number}\n`);
  }
}
await Promise.all(Array.from({ length: 16 }, work));
