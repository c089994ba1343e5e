/**
 * What one node's shard store does: writes with 32 under way, then reads with 32 under way.
 *
 * Run: `node bench/micro/shard-store.ts [folder]`. Takes about 8 s.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { BlobId, VolumeId } from '#base/ids.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import type { ShardKey } from '#protocol/shards.ts';
import { createLmdbIndexFactory } from '#storage/lmdb-index.ts';
import { openShardStore } from '#storage/open-shard-store.ts';

const KiB = 1024;
const runMs = 1200;
const underWay = 32;

const shardKey = (number: number): ShardKey => ({
  volume: '00000000000000aa' as VolumeId,
  blob: (number * 2654435761).toString(16).padStart(32, '0') as BlobId,
  stripe: 0,
  slot: 0,
});

async function run(work: (number: number) => Promise<unknown>): Promise<[number, number]> {
  let count = 0;
  const start = performance.now();
  const worker = async () => {
    while (performance.now() - start < runMs) await work(count++);
  };
  await Promise.all(Array.from({ length: underWay }, worker));
  return [count, (performance.now() - start) / 1000];
}

const row = (...cells: (string | number)[]) =>
  process.stdout.write(`${cells.map((cell) => String(cell).padStart(16)).join('')}\n`);

async function measure(root: string, bytes: number): Promise<void> {
  const folder = path.join(root, `store-${bytes}`);
  const deps = {
    ...createNodeWorld(),
    log: silentLogger,
    indexFactory: createLmdbIndexFactory(),
  };
  const store = await openShardStore(deps, { folder, clusterId: 'bench', nodeId: 'n1' });
  const body = [Buffer.alloc(bytes, 5)];
  const crc = crc32(body[0] as Buffer);
  const rate = ([count, seconds]: [number, number]) =>
    `${Math.round(count / seconds)}/s ${Math.round((count * bytes) / seconds / 1e6)} MB/s`;
  const written = await run((number) => store.write(shardKey(number), body, crc));
  const read = await run((number) => store.read(shardKey((number * 7) % written[0]), 0, bytes));
  row(`${bytes / KiB} KiB`, rate(written).padStart(24), rate(read).padStart(24));
  await store.close();
}

const root = fs.mkdtempSync(path.join(process.argv[2] ?? os.tmpdir(), 'shard-store-'));
try {
  row('shard', 'write'.padStart(24), 'read'.padStart(24));
  for (const bytes of [4 * KiB, 64 * KiB, 1024 * KiB]) await measure(root, bytes);
} finally {
  fs.rmSync(root, { recursive: true });
}
