import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DftfsError, isCode } from '#base/errors.ts';
import { type NodeId, nodeId, type VolumeId } from '#base/ids.ts';
import { factsMethod, parseNodeFacts } from '#protocol/node-facts.ts';
import type { RpcMessage } from '#rpc/rpc.ts';
import { noRequests } from '../../../test/support/known-facts.ts';
import { Bench, ManualClock, put, shardKey } from '../../../test/support/shard-bench.ts';
import { FactsBook } from './facts-book.ts';
import { RepairPace } from './repair-pace.ts';
import { factsHandlers } from './serve-facts.ts';
import { VolumeTally } from './volume-tally.ts';

const [n1, n2] = ['n1', 'n2'].map(nodeId) as [NodeId, NodeId];

async function rig() {
  const store = await new Bench(Math.random).open();
  const clock = new ManualClock();
  const tally = new VolumeTally({ store, clock }, { restMsMin: 1000, restFactor: 1, pageMax: 2 });
  const handler = factsHandlers({
    ...{ store, tally, standing: () => 'known' },
    ...{ repairBytesPerSecond: () => 7, progress: () => ({ scrub: { at: 3 } }) },
    requests: () => noRequests,
  })[factsMethod];
  assert.ok(handler);
  const ask = async (): Promise<RpcMessage> => {
    const { head } = await handler(null, [], { peer: n1, signal: new AbortController().signal });
    return { head, body: [] };
  };
  return { store, clock, tally, ask };
}

test('a node counts what it holds of each volume, page by page, again and again', async () => {
  const { store, clock, tally } = await rig();
  for (let number = 0; number < 5; number++) await put(store, number, 10 + number);
  const expected = new Map<VolumeId, number>();
  for (let number = 0; number < 5; number++) {
    const { volume } = shardKey(number);
    expected.set(volume, (expected.get(volume) ?? 0) + 10 + number);
  }
  assert.equal(await tally.step(), 'busy');
  assert.equal(tally.bytes.size, 0, 'a pass counts when it is over');
  while ((await tally.step()) === 'busy');
  assert.deepEqual(tally.bytes, expected);
  await store.delete([0, 1, 2, 3, 4].map((number) => shardKey(number)));
  await tally.step();
  assert.deepEqual(tally.bytes, expected, 'it rests');
  clock.ms = 1000;
  await tally.step();
  assert.equal(tally.bytes.size, 0);
  await store.close();
});

test('facts are asked of the living, side by side, and not again for a while', async () => {
  const { store, clock, ask, tally } = await rig();
  await put(store, 1, 100);
  while ((await tally.step()) === 'busy');
  let asked = 0;
  const call = async (node: NodeId) => {
    asked += 1;
    if (node === n2) throw new DftfsError('deadline_exceeded', 'No answer.');
    return await ask();
  };
  const map = { live: () => [n1, n2] };
  const book = new FactsBook({ rpc: { call }, map, clock }, { timeoutMs: 10, freshMs: 1000 });
  const [facts, same] = await Promise.all([book.read(), book.read()]);
  assert.equal(facts, same);
  assert.deepEqual([...facts.keys()], [n1]);
  const known = facts.get(n1);
  assert.equal(known?.disk.liveBytes, 100);
  assert.deepEqual(known?.volumes, [[shardKey(1).volume, 100]]);
  assert.deepEqual(known?.duties, { scrub: { at: 3 } });
  assert.equal(asked, 2);
  assert.equal(book.isUnfit(n1), false);
  assert.equal(book.isUnfit(n2), false, 'nobody knows');
  clock.ms = 1000;
  await book.read();
  assert.equal(asked, 4);
  await store.close();
});

test('a full node is unfit for more', async () => {
  const { store, clock, ask } = await rig();
  const whole = parseNodeFacts((await ask()).head);
  for (const disk of [{ full: true }, { fenced: 'a sync failed' }]) {
    const head = { ...whole, disk: { ...whole.disk, ...disk } };
    const call = async () => ({ head, body: [] });
    const book = new FactsBook({ rpc: { call }, map: { live: () => [n1] }, clock });
    await book.read();
    assert.equal(book.isUnfit(n1), true);
  }
  await store.close();
});

test('what is not whole is refused', async () => {
  const { store, ask } = await rig();
  const whole = parseNodeFacts((await ask()).head);
  for (const damaged of [
    null,
    'x',
    {},
    { ...whole, disk: null },
    { ...whole, duties: null },
    { ...whole, repairBytesPerSecond: Number.NaN },
    { ...whole, volumes: [['x', 1]] },
    { ...whole, requests: { ...whole.requests, count: -1 } },
    { ...whole, requests: { ...whole.requests, durations: [[1]] } },
    { ...whole, disk: { ...whole.disk, liveBytes: -1 } },
    { ...whole, disk: { ...whole.disk, fenced: undefined } },
  ]) {
    assert.throws(
      () => parseNodeFacts(damaged),
      (error) => isCode(error, 'invalid_message'),
    );
  }
  await store.close();
});

test('the pace of repair is that of the last seconds', async () => {
  const clock = new ManualClock();
  let bytes = 0;
  const pace = new RepairPace(clock, () => bytes);
  for (let second = 0; second <= 40; second++) {
    clock.ms = second * 1000;
    await pace.step();
    if (second < 20) bytes += 500;
    if (second === 20) assert.equal(pace.bytesPerSecond, 500);
  }
  assert.equal(pace.bytesPerSecond, 0);
});
