import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { nodeId, type VolumeId } from '#base/ids.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { silentLogger } from '#observe/log.ts';
import { volumeKey } from '#protocol/keys.ts';
import { decodeVolume, encodeVolume, type VolumeRecord } from '#protocol/volumes.ts';
import { FakeCluster } from '../../../test/support/fake-cluster.ts';
import { knownFacts, volumeOf } from '../../../test/support/known-facts.ts';
import { options, put } from '../../../test/support/names-fixture.ts';
import { ManualClock } from '../../../test/support/shard-bench.ts';
import { MoveSlots } from './move-slots.ts';

const signal = new AbortController().signal;
const copies = { k: 1, m: 2 };
let count = 0;

function rig(context: TestContext, nodes: number) {
  const { map, node, set } = bound(new FakeCluster(nodes));
  const kv = new MemoryKv(createNodeWorld());
  context.after(() => kv.close());
  const clock = new ManualClock();
  const unfit = new Set<string>();
  const silent = new Set<string>();
  let isCoordinator = true;
  const facts = {
    read: async () =>
      new Map(
        map
          .live()
          .filter((id) => !silent.has(id))
          .map((id) => [id, knownFacts({ disk: { full: unfit.has(id) } })]),
      ),
  };
  const deps = { kv, map, facts, isCoordinator: () => isCoordinator, clock };
  const duty = new MoveSlots({ ...deps, log: silentLogger }, { everyMs: 0, withdrawMs: 1000 });
  const keep = async (record: VolumeRecord) => {
    const revision = await put(kv, volumeKey(record.id), encodeVolume(record));
    map.learnVolume({ record, revision });
    return record.id;
  };
  const create = (members: readonly string[], change: Partial<VolumeRecord> = {}) => {
    const id = (++count).toString(16).padStart(16, '0') as VolumeId;
    const code = change.code ?? { ...copies, m: members.length - 1 };
    return keep(volumeOf(id, code, members, change).record);
  };
  const stored = async (id: VolumeId) => {
    const entry = await kv.get(volumeKey(id), options);
    assert.ok(entry);
    return decodeVolume(entry.value);
  };
  return {
    ...{ map, node, set, kv, clock, unfit, silent, duty, keep, create, stored },
    resign: () => {
      isCoordinator = false;
    },
  };
}

const bound = (cluster: FakeCluster) => ({
  map: cluster.map,
  node: (name: string) => cluster.node(nodeId(name)),
  set: (name: string, state: 'up' | 'gone') => cluster.set(nodeId(name), state),
});

test('a drained node’s slots get successors; the members stay until those are done', async (context) => {
  const { node, duty, create, stored, keep } = rig(context, 6);
  const id = await create(['n0', 'n1', 'n2']);
  node('n0').draining = true;
  await duty.step(signal);
  const record = await stored(id);
  const [successor, ...others] = record.incoming;
  assert.ok(successor && others.length === 0);
  assert.equal(successor.slot, 0);
  assert.ok(['n3', 'n4', 'n5'].includes(successor.node));
  assert.deepEqual([record.members[0], record.epoch], ['n0', 1]);
  assert.deepEqual(duty.progress(), { moving: 1, begun: 1, withdrawn: 0 });
  await duty.step(signal);
  assert.deepEqual(await stored(id), record, 'it is under way');
  await keep({ ...record, members: record.members.with(0, successor.node), incoming: [] });
  await duty.step(signal);
  assert.deepEqual((await stored(id)).incoming, []);
});

test('who isn’t the coordinator leaves it to others', async (context) => {
  const { node, duty, create, stored, resign } = rig(context, 6);
  const id = await create(['n0', 'n1', 'n2']);
  node('n0').draining = true;
  resign();
  await duty.step(signal);
  assert.deepEqual((await stored(id)).incoming, []);
});

test('who is full or doesn’t answer gets nothing', async (context) => {
  const { node, duty, create, stored, unfit, silent } = rig(context, 6);
  const id = await create(['n0', 'n1', 'n2']);
  node('n0').draining = true;
  unfit.add('n3');
  silent.add('n4');
  await duty.step(signal);
  assert.deepEqual(
    (await stored(id)).incoming.map((one) => one.node),
    ['n5'],
  );
});

test('4.7 a record that somebody else has changed is left as it is', async (context) => {
  const { node, duty, kv, create, stored } = rig(context, 6);
  const id = await create(['n0', 'n1', 'n2']);
  node('n0').draining = true;
  const theirs = { ...(await stored(id)), state: 'sealed' } as const;
  await put(kv, volumeKey(id), encodeVolume(theirs));
  await duty.step(signal);
  assert.deepEqual(await stored(id), theirs);
});

test('a successor that is away for long, or is drained itself, is given up', async (context) => {
  const { node, set, clock, duty, create, stored } = rig(context, 4);
  const incoming = [{ slot: 0, node: nodeId('n3') }];
  const id = await create(['n0', 'n1'], { incoming });
  set('n3', 'gone');
  await duty.step(signal);
  clock.ms += 999;
  await duty.step(signal);
  assert.deepEqual((await stored(id)).incoming, incoming, 'it may be back soon');
  set('n3', 'up');
  await duty.step(signal);
  set('n3', 'gone');
  await duty.step(signal);
  clock.ms += 1000;
  await duty.step(signal);
  assert.deepEqual((await stored(id)).incoming, []);
  set('n3', 'up');
  const other = await create(['n0', 'n1'], { incoming });
  node('n3').draining = true;
  await duty.step(signal);
  assert.deepEqual((await stored(other)).incoming, []);
});

test('of four nodes one can be emptied: its copies are dropped', async (context) => {
  const { node, duty, create, stored } = rig(context, 4);
  const id = await create(['n0', 'n1', 'n2']);
  node('n0').draining = true;
  await duty.step(signal);
  const { members, code, epoch } = await stored(id);
  assert.deepEqual([members, code, epoch], [['n1', 'n2'], { k: 1, m: 1 }, 2]);
});
