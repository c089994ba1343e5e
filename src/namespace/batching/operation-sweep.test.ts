import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import { createNodeTimers } from '#io/node/timers.ts';
import { prefixSpan } from '#kv/kv.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { RevisionAges } from '#kv/revision-ages.ts';
import { OperationSweep } from './operation-sweep.ts';

const inTime = { timeoutMs: 1000 };

function setUp() {
  const time = { ms: 5 };
  const clock = { now: () => time.ms, wall: () => 0 };
  const kv = new MemoryKv({ clock, timers: createNodeTimers() });
  const ages = new RevisionAges({ agesMsMax: 100, everyMs: 1 });
  const look = async () => ages.note((await kv.range({ start: 'o/' }, inTime)).revision, time.ms);
  const newSweep = (through: Pick<MemoryKv, 'range' | 'txn'> = kv, isCoordinator = () => true) =>
    new OperationSweep(
      { kv: through, clock, ages, isCoordinator },
      { ageMs: 100, roundMs: 10, pageMax: 3, callTimeoutMs: 1000 },
    );
  return { time, kv, look, newSweep };
}

const putAll = (kv: MemoryKv, keys: readonly string[]) => {
  const then = keys.map((key) => ({ kind: 'put', key, value: Buffer.alloc(0) }) as const);
  return kv.txn({ compare: [], then, else: [] }, inTime);
};

const numbered = (letter: string, count: number) =>
  Array.from({ length: count }, (_, i) => `o/${i}${letter}`);

async function left(kv: MemoryKv): Promise<string[]> {
  const { entries } = await kv.range({ ...prefixSpan('o/'), limit: 1000 }, inTime);
  return entries.map(({ key }) => key);
}

test('removes, page by page, what was there long enough ago, and nothing younger', async () => {
  const { time, kv, look, newSweep } = setUp();
  const sweep = newSweep();
  await putAll(kv, ['n/1', 'p/1', ...numbered('old', 5)]);
  await look();
  assert.equal(await sweep.step(), 'idle');
  await putAll(kv, numbered('young', 5));
  time.ms += 99;
  await look();
  assert.equal(await sweep.step(), 'idle');
  assert.equal((await left(kv)).length, 10);
  time.ms += 1;
  assert.deepEqual(
    [await sweep.step(), await sweep.step(), await sweep.step(), await sweep.step()],
    ['busy', 'busy', 'busy', 'idle'],
  );
  assert.deepEqual(await left(kv), numbered('young', 5));
  assert.equal(sweep.progress().removed, 5);
  assert.equal(await sweep.step(), 'idle');
  time.ms += 100;
  while ((await sweep.step()) === 'busy') {}
  assert.deepEqual(await left(kv), []);
  assert.equal((await kv.get('n/1', inTime))?.version, 1);
  assert.equal((await kv.get('p/1', inTime))?.version, 1);
});

test('goes on where it was after an error, and two at a time do no harm', async () => {
  const { time, kv, look, newSweep } = setUp();
  let calls = 0;
  const failing = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
    return (...args: A): Promise<R> => {
      calls += 1;
      if (calls % 2 === 0) throw new DftfsError('names_unavailable', 'planted');
      return call(...args);
    };
  };
  const range = failing((...args: Parameters<MemoryKv['range']>) => kv.range(...args));
  const txn = failing((...args: Parameters<MemoryKv['txn']>) => kv.txn(...args));
  const sweeps = [newSweep({ range, txn }), newSweep()];
  await putAll(kv, numbered('old', 10));
  const stepAll = () => Promise.allSettled(sweeps.map((sweep) => sweep.step()));
  await look();
  time.ms += 100;
  for (let i = 0; i < 20; i += 1) await stepAll();
  assert.deepEqual(await left(kv), []);
});

test('walks over all markers only when something is old, not too often, and on one node', async () => {
  const { time, kv, look, newSweep } = setUp();
  let walks = 0;
  const range: MemoryKv['range'] = (...args) => {
    walks += 1;
    return kv.range(...args);
  };
  let isCoordinator = false;
  const sweep = newSweep({ range, txn: kv.txn.bind(kv) }, () => isCoordinator);
  await putAll(kv, numbered('a', 1));
  await look();
  time.ms += 100;
  await sweep.step();
  assert.equal(walks, 0);
  isCoordinator = true;
  await sweep.step();
  time.ms += 50;
  await sweep.step();
  assert.equal(walks, 1);
  for (const letter of ['b', 'c']) {
    await putAll(kv, numbered(letter, 1));
    await look();
    time.ms += 5;
  }
  time.ms += 92;
  await sweep.step();
  time.ms += 5;
  await sweep.step();
  assert.deepEqual([walks, await left(kv)], [2, ['o/0c']]);
  time.ms += 5;
  await sweep.step();
  assert.deepEqual([walks, await left(kv)], [3, []]);
});
