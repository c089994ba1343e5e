import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { RevisionAges } from '#kv/revision-ages.ts';
import { agesKey } from '#protocol/keys.ts';
import { ManualTime } from '../../../test/support/manual-time.ts';
import { put } from '../../../test/support/names-fixture.ts';
import { KeepAges, parseAges } from './keep-ages.ts';

const inTime = { timeoutMs: 1000 };
const { signal } = new AbortController();
const ageMs = 60_000;

function setUp() {
  const time = new ManualTime();
  const kv = new MemoryKv(time);
  const newNode = (isCoordinator = true) => {
    const ages = new RevisionAges({ agesMsMax: ageMs, everyMs: 1000 });
    const deps = { kv, clock: time.clock, ages, isCoordinator: () => isCoordinator };
    const duty = new KeepAges(deps, { everyMs: 1000 });
    return { duty, oldest: () => ages.standingFor(ageMs, time.clock.now()) };
  };
  return { time, kv, newNode };
}

test('nodes that live for a third of the time each know what has stood for all of it', async () => {
  const { time, kv, newNode } = setUp();
  await put(kv, 'a', Buffer.from('1'));
  const { revision } = await kv.range({ start: 'a' }, inTime);
  let node = newNode();
  for (let second = 0; second < 66; second++) {
    if (second % 20 === 0) node = newNode();
    await node.duty.step(signal);
    await put(kv, 'b', Buffer.from(String(second)));
    await time.advance(1000);
    if (second < 59) assert.equal(node.oldest(), 0);
  }
  assert.ok(node.oldest() >= revision);
  const idle = newNode(false);
  await idle.duty.step(signal);
  assert.ok(idle.oldest() >= revision, 'others hear it too');
});

test('where nothing is written nothing is told, and who is no coordinator only listens', async () => {
  const { time, kv, newNode } = setUp();
  const [node, other] = [newNode(), newNode(false)];
  const revision = async () => (await kv.range({ start: agesKey }, inTime)).revision;
  await put(kv, 'a', Buffer.from('1'));
  await other.duty.step(signal);
  assert.equal(await kv.get(agesKey, inTime), undefined);
  await node.duty.step(signal);
  const told = await revision();
  for (let second = 0; second < 70; second++) {
    await time.advance(1000);
    await node.duty.step(signal);
  }
  assert.equal(await revision(), told);
  assert.equal(node.oldest(), told);
});

test('what makes no sense tells nothing', () => {
  for (const value of ['', 'x', '{}', '[1]', '[[1]]', '[[1,-1]]', '[[1,2,3]]', '[["1",2]]']) {
    assert.deepEqual(parseAges(Buffer.from(value)), [], value);
  }
  assert.deepEqual(parseAges(Buffer.from('[[5,10]]')), [[5, 10]]);
});
