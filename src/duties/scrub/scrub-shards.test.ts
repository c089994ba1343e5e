import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import { nodeId } from '#base/ids.ts';
import { silentLogger } from '#observe/log.ts';
import { shardKeyText } from '#storage/shard-key.ts';
import { RigNode } from '../../../test/support/garbage-rig.ts';
import { ManualTime } from '../../../test/support/manual-time.ts';
import { shardKey } from '../../../test/support/shard-bench.ts';
import { RebuildQueue } from './rebuild-queue.ts';
import { ScrubShards, type ScrubShardsDeps, type ScrubShardsOptions } from './scrub-shards.ts';

const { signal } = new AbortController();
const keys = [...Array(20).keys()].map((number) => shardKey(number));
const paces = { bytesPerSecondMax: 1e9, bytesPerStep: 1, shardsPerStep: 3, roundPauseMs: 1000 };

function setUp() {
  const time = new ManualTime();
  const node = new RigNode(nodeId('n0'));
  for (const key of keys) node.write({ key, length: 100 });
  const damaged = new Set<string>();
  const verified: string[] = [];
  const rebuild = new RebuildQueue();
  const file: { content: Buffer | undefined } = { content: undefined };
  const verify: ScrubShardsDeps['store']['verify'] = async (key) => {
    verified.push(shardKeyText(key));
    if (!node.has(key)) return 'missing';
    return damaged.has(shardKeyText(key)) ? 'damaged' : 'sound';
  };
  const scrub = (
    options: Partial<ScrubShardsOptions> = {},
    change: Partial<ScrubShardsDeps> = {},
  ) =>
    new ScrubShards(
      {
        ...{ store: { list: node.list, verify }, rebuild, clock: time.clock, log: silentLogger },
        load: async () => file.content,
        save: async (content) => {
          file.content = content;
        },
        ...change,
      },
      { ...paces, ...options },
    );
  return { time, node, damaged, verified, rebuild, file, verify, scrub };
}

async function round(duty: ScrubShards): Promise<void> {
  while ((await duty.step(signal)) === 'busy') {}
}

test('every shard is read once a round; each damaged one is handed on', async () => {
  const { time, damaged, verified, rebuild, scrub } = setUp();
  const bad = keys.filter((_, index) => index % 7 === 3);
  for (const key of bad) damaged.add(shardKeyText(key));
  const duty = scrub();
  await round(duty);
  assert.deepEqual(verified, keys.map(shardKeyText));
  assert.deepEqual(
    rebuild.take(99),
    bad.map((key) => ({ key, length: 100 })),
  );
  await time.advance(500);
  const { shards, lastRound } = duty.progress();
  assert.equal(shards, 0);
  const found = { bytes: 2000, shards: 20, damaged: bad.length };
  assert.deepEqual(lastRound, { endedAtMs: time.clock.wall() - 500, ageMs: 500, ...found });
  await round(duty);
  assert.equal(verified.length, 20);
  await time.advance(500);
  await round(duty);
  assert.equal(verified.length, 40);
});

test('goes on where it was after a restart', async () => {
  const { verified, scrub, file } = setUp();
  const first = scrub({ saveEveryMs: 0 });
  for (let step = 0; step < 7; step++) await first.step(signal);
  const second = scrub();
  await round(second);
  assert.deepEqual(verified, keys.map(shardKeyText));
  assert.equal(second.progress().lastRound?.shards, 20);
  const third = scrub();
  await third.step(signal);
  assert.equal(third.progress().lastRound?.shards, 20, 'the last round is remembered');
  for (const content of ['', '{', '{"after":"x"}', '{"after":7,"bytes":0}']) {
    file.content = Buffer.from(content);
    verified.length = 0;
    await round(scrub());
    assert.equal(verified.length, 20, `begins anew after ${content}`);
  }
});

test('reads no more than so much in a time', async () => {
  const { time, verified, scrub } = setUp();
  const costs = 100 + 4096;
  const duty = scrub({ bytesPerSecondMax: 2 * costs });
  await round(duty);
  assert.equal(verified.length, 2);
  await round(duty);
  assert.equal(verified.length, 2);
  for (let second = 0; second < 5; second++) {
    await time.advance(1000);
    await round(duty);
  }
  assert.equal(verified.length, 12);
});

test('a shard that was deleted meanwhile counts for nothing, an error is no loss', async () => {
  const { node, rebuild, verify, scrub } = setUp();
  let calls = 0;
  const failing: typeof verify = async (key) => {
    calls += 1;
    if (calls === 5) throw new DftfsError('overloaded', 'planted');
    if (calls === 8) await node.delete([key]);
    return verify(key);
  };
  const duty = scrub({}, { store: { list: node.list, verify: failing } });
  for (let step = 0; duty.progress().lastRound === null && step < 99; step++) {
    await duty.step(signal).catch((error) => assert.equal(error.code, 'overloaded'));
  }
  assert.deepEqual([duty.progress().lastRound?.shards, rebuild.size], [19, 0]);
});

test('an empty store has been read whole', async () => {
  const { node, scrub } = setUp();
  node.shards.clear();
  const duty = scrub();
  assert.equal(await duty.step(signal), 'idle');
  assert.equal(duty.progress().lastRound?.shards, 0);
});
