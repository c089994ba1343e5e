import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCode } from '#base/errors.ts';
import {
  Bench,
  compactAll,
  folder,
  get,
  put,
  seededRandom,
  shardBody,
  shardKey,
} from '../../test/support/shard-bench.ts';
import { recordBytes } from './shard-record.ts';
import type { ShardStore } from './shard-store.ts';

const length = 3000;
const record = recordBytes(length);
const options = { segmentBytesMax: 4 * record };
const { signal } = new AbortController();

/** A store whose index commits are operations of the disk: power can be cut before each. */
function newBench(random: () => number): Bench {
  const bench = new Bench(random);
  const { indexFactory, disk } = bench;
  bench.indexFactory = {
    discard: (name) => indexFactory.discard(name),
    async open(name, salt) {
      const index = await indexFactory.open(name, salt);
      const commit = index.commit.bind(index);
      return {
        get position() {
          return index.position;
        },
        tallies: () => index.tallies(),
        get: (key) => index.get(key),
        list: (...given) => index.list(...given),
        close: () => index.close(),
        async commit(batch) {
          await disk.turn();
          await commit(batch);
        },
      };
    },
  };
  return bench;
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const keys = (numbers: readonly number[]) => numbers.map((number) => shardKey(number));

async function readable(store: ShardStore, number: number): Promise<boolean> {
  const bytes = await get(store, number, length).catch((error) => {
    assert.ok(isCode(error, 'shard_missing', 'shard_corrupt'), error);
  });
  if (bytes !== undefined) assert.deepEqual(bytes, shardBody(number, length));
  return bytes !== undefined;
}

async function assertTallied(store: ShardStore): Promise<void> {
  const held = store.list(undefined, 1000).length;
  const { shards, liveBytes, segmentBytes, deadBytes } = await store.stats();
  assert.deepEqual({ shards, liveBytes }, { shards: held, liveBytes: held * length });
  assert.equal(deadBytes, segmentBytes - held * record);
}

const living = [4, 7, 10, 11, 13, 14, 15];
const deleted = [0, 1, 2, 3, 5, 6, 8, 9];

/** One life of a store in which power is cut before operation `operations`; whether it was. */
async function crashDuring(bench: Bench, operations: number): Promise<boolean> {
  const store = await bench.open(options);
  for (let number = 0; number < 16; number++) await put(store, number, length);
  await store.delete(keys(deleted));
  bench.disk.operationsLeft = operations;
  let done = false;
  const work = async () => {
    await Promise.all([compactAll(store), store.delete(keys([12])), put(store, 16, length)]);
    done = true;
  };
  void work();
  for (let turns = 0; !done && bench.disk.operationsLeft > 0; turns++) {
    assert.ok(turns < 10_000);
    await nextTurn();
  }
  for (let turns = 0; turns < 10; turns++) await nextTurn();
  bench.disk.crash();
  return !done;
}

for (const loss of ['power', 'power and index']) {
  test(`a compaction that is cut off at any operation harms nothing (${loss})`, async () => {
    let crashed = true;
    for (let operations = 0; crashed; operations++) {
      const bench = newBench(seededRandom(operations));
      crashed = await crashDuring(bench, operations);
      if (loss === 'power and index') await bench.indexFactory.discard(`${folder}/index`);
      for (let life = 0; life < 2; life++) {
        const store = await bench.open(options);
        for (const number of living) assert.ok(await readable(store, number), `${number} is lost`);
        for (const number of deleted) {
          const isBack = await readable(store, number);
          assert.ok(!isBack || loss !== 'power', `${number} is back`);
        }
        await assertTallied(store);
        await store.delete(keys([...deleted, 12, 16]));
        assert.equal(await compactAll(store), 'idle');
        await assertTallied(store);
        const { segmentBytes, deadBytes } = await store.stats();
        assert.ok(deadBytes <= segmentBytes / 2 && segmentBytes < 16 * record);
        await store.close();
      }
      assert.ok(operations < 1000);
    }
  });
}

interface Known {
  /** What a caller was told last: it must be there, must be gone, or nobody knows. */
  state: 'acked' | 'deleted' | 'unknown';
}

/** One life of a store: random work beside the compaction, until the power is cut. */
async function live(bench: Bench, random: () => number, known: Map<number, Known>): Promise<void> {
  const pick = (below: number) => Math.floor(random() * below);
  const store = await bench.open(options);
  for (const [number, { state }] of known) {
    const isThere = await readable(store, number);
    if (state === 'acked') assert.ok(isThere, `acknowledged shard ${number} is lost`);
    if (state === 'deleted') assert.ok(!isThere, `deleted shard ${number} is back`);
  }
  await assertTallied(store);
  let crashed = false;
  const change = async () => {
    while (!crashed) {
      const number = pick(30);
      const entry = known.get(number) ?? { state: 'deleted' };
      known.set(number, entry);
      if (entry.state === 'unknown') return;
      const isDelete = entry.state === 'acked';
      entry.state = 'unknown';
      if (isDelete) await store.delete([shardKey(number)]);
      else await put(store, number, length);
      if (!crashed) entry.state = isDelete ? 'deleted' : 'acked';
      if (random() < 0.1) bench.timers.run();
    }
  };
  const read = async () => {
    while (!crashed) {
      const number = pick(30);
      const before = known.get(number)?.state;
      const isThere = await readable(store, number);
      if (before === 'acked' && known.get(number)?.state === 'acked') assert.ok(isThere);
      await nextTurn();
    }
  };
  const compact = async () => {
    while (!crashed) {
      await store.compactStep(signal);
      await nextTurn();
    }
  };
  const failures: unknown[] = [];
  const workers = [change, change, change, change, read, compact];
  for (const work of workers) void work().catch((error) => failures.push(error));
  for (let turns = pick(400); turns > 0; turns--) await nextTurn();
  crashed = true;
  bench.disk.crash();
  assert.deepEqual(failures, []);
}

test('over crashes beside a compaction nothing is lost and nothing deleted comes back', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(seed);
    const bench = newBench(random);
    const known = new Map<number, Known>();
    // After the third crash in a row the index is made anew, and then the deleted may be back.
    for (let life = 0; life < 3; life++) {
      await live(bench, random, known).catch((error) => {
        throw new Error(`seed ${seed}, life ${life}`, { cause: error });
      });
    }
  }
});
