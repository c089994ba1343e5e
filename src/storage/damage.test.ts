import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { checkBlockBytes } from '#base/limits.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { newSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { get, put, shardBody, shardKey } from '../../test/support/shard-bench.ts';
import { createLmdbIndexFactory } from './lmdb-index.ts';
import { openShardStore } from './open-shard-store.ts';
import type { ShardState, ShardStore } from './shard-store.ts';

const reader = new URL('../../test/support/store-reader.ts', import.meta.url).pathname;
const flips = Number(process.env.DFTFS_FLIPS ?? 8);
const seed = newSeed();
const random = new SeededRandom(seed);
const lengths = [100, 3000, 40_000, checkBlockBytes + 100];
const count = 32;
const lengthOf = (number: number) => lengths[number % lengths.length] as number;
let root: string;
let names = 0;

const newFolder = () => path.join(root, `store-${names++}`);
const open = (folder: string) =>
  openShardStore(
    { ...createNodeWorld(), log: silentLogger, indexFactory: createLmdbIndexFactory() },
    {
      ...{ folder, clusterId: 'cluster-a', nodeId: 'n1' },
      ...{ reserveBytes: 0, segmentBytesMax: 200_000 },
    },
  );

async function filled(): Promise<string> {
  const folder = newFolder();
  const store = await open(folder);
  for (let number = 0; number < count; number++) await put(store, number, lengthOf(number));
  await store.close();
  return folder;
}

async function segmentsOf(folder: string): Promise<string[]> {
  const found = await fs.readdir(folder);
  return found.filter((name) => name.endsWith('.log')).map((name) => path.join(folder, name));
}

/** Damages a random place of the file; returns what undoes it. */
async function damage(file: string, how: 'flip' | 'cut'): Promise<() => Promise<void>> {
  const sound = await fs.readFile(file);
  const at = random.between(0, sound.length - 1);
  // In place: the store, or the kernel for it, may have the file open or mapped.
  const handle = await fs.open(file, 'r+');
  try {
    if (how === 'cut') await handle.truncate(at);
    else {
      const flipped = (sound[at] as number) ^ (1 << random.between(0, 7));
      await handle.write(Buffer.from([flipped]), 0, 1, at);
    }
  } finally {
    await handle.close();
  }
  return async () => {
    const again = await fs.open(file, 'r+');
    await again.write(sound, 0, sound.length, 0);
    await again.close();
  };
}

/** What isn't sound. What is read must be right, or not be served at all. */
async function unsound(store: ShardStore): Promise<Map<number, ShardState>> {
  const found = new Map<number, ShardState>();
  for (let number = 0; number < count; number++) {
    const state = await store.verify(shardKey(number));
    if (state !== 'sound') found.set(number, state);
    const bytes = await get(store, number, lengthOf(number)).catch(() => undefined);
    assert.equal(bytes !== undefined, state === 'sound');
    if (bytes !== undefined) assert.deepEqual(bytes, shardBody(number, lengthOf(number)));
  }
  return found;
}

before(async () => {
  root = await fs.mkdtemp(path.join(os.tmpdir(), 'damage-test-'));
});
after(() => fs.rm(root, { recursive: true, force: true }));

test(`damage to the segments of an open store is found, all of it (seed ${seed})`, async () => {
  const folder = await filled();
  const segments = await segmentsOf(folder);
  const store = await open(folder);
  for (let flip = 0; flip < 5 * flips; flip++) {
    const how = flip % 5 === 4 ? 'cut' : 'flip';
    const undo = await damage(random.oneOf(segments), how);
    const found = await unsound(store);
    if (how === 'flip') assert.equal(found.size, 1);
    else assert.ok(found.size >= 1);
    assert.ok([...found.values()].every((state) => state === 'damaged'));
    const held = [...found.keys()].map((number) => ({
      key: shardKey(number),
      length: lengthOf(number),
    }));
    assert.deepEqual(store.damaged(), held);
    await undo();
    assert.equal((await unsound(store)).size, 0);
    assert.deepEqual(store.damaged(), []);
  }
  await store.close();
});

for (const withIndex of [true, false]) {
  const what = withIndex ? 'a closed store' : 'a closed store that loses its index too';
  test(`damage to the segments of ${what} is found, all of it (seed ${seed})`, async () => {
    const pristine = await filled();
    for (let flip = 0; flip < 2 * flips; flip++) {
      const how = flip % 5 === 4 ? 'cut' : 'flip';
      const folder = newFolder();
      await fs.cp(pristine, folder, { recursive: true });
      await damage(random.oneOf(await segmentsOf(folder)), how);
      if (!withIndex) await fs.rm(path.join(folder, 'index'), { recursive: true });
      const store = await open(folder);
      const found = await unsound(store);
      if (how === 'flip') assert.equal(found.size, 1);
      else assert.ok(found.size >= 1);
      for (const number of found.keys()) await put(store, number, lengthOf(number));
      assert.equal((await unsound(store)).size, 0);
      await store.close();
      await fs.rm(folder, { recursive: true });
    }
  });
}

interface Found {
  readonly last: Readonly<Record<ShardState | 'unknown', number>>;
}

const bigLength = 200;
const bigCount = 3000;

/** What another process finds in the store; undefined if it died of the damage. */
async function readElsewhere(
  folder: string,
  whenOpen: () => Promise<unknown>,
): Promise<Found | undefined> {
  const args = [reader, folder, String(bigCount), String(bigLength)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.on('error', () => {});
  const ended = once(child, 'exit');
  const bound = setTimeout(() => child.kill('SIGKILL'), 20_000);
  let found: Found | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== 'open') {
      found = JSON.parse(line);
      continue;
    }
    await whenOpen();
    child.stdin.write('go\n');
  }
  const [code] = await ended;
  clearTimeout(bound);
  assert.notEqual(code, 3, 'wrong bytes were served');
  return code === 0 ? found : undefined;
}

for (const state of ['closed', 'open']) {
  test(`damage to the index of a store that is ${state} costs no shard (seed ${seed})`, async () => {
    const pristine = newFolder();
    const store = await open(pristine);
    const numbers = Array.from({ length: bigCount }, (_, number) => number);
    await Promise.all(numbers.map((number) => put(store, number, bigLength)));
    await store.close();
    for (let flip = 0; flip < flips / 2; flip++) {
      const folder = newFolder();
      await fs.cp(pristine, folder, { recursive: true });
      const file = path.join(folder, 'index', 'data.mdb');
      const harm = () => damage(file, flip % 5 === 4 && state === 'closed' ? 'cut' : 'flip');
      if (state === 'closed') await harm();
      let found = await readElsewhere(folder, async () => state === 'open' && (await harm()));
      for (let lives = 0; found === undefined; lives++) {
        assert.ok(lives < 5, 'it does not recover');
        found = await readElsewhere(folder, async () => {});
      }
      // An entry that is lost altogether is for the owner of the names to miss.
      const { sound, damaged, missing, unknown } = found.last;
      assert.deepEqual([damaged, unknown, sound + missing], [0, 0, bigCount]);
      await fs.rm(folder, { recursive: true });
    }
  });
}
