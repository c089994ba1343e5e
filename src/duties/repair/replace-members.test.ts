import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type NodeId, nodeId, type VolumeId } from '#base/ids.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { silentLogger } from '#observe/log.ts';
import { volumeKey } from '#protocol/keys.ts';
import { encodeVolume } from '#protocol/volumes.ts';
import { FakeCluster } from '../../../test/support/fake-cluster.ts';
import { volumeOf } from '../../../test/support/known-facts.ts';
import { put } from '../../../test/support/names-fixture.ts';
import { Absence } from './absence.ts';
import { ReplaceMembers } from './replace-members.ts';

const { signal } = new AbortController();

/** Volumes of n0, n1 and n2, of which n2 is gone for good; others can take its place. */
async function rig(context: TestContext) {
  const cluster = new FakeCluster(5);
  const { map } = cluster;
  const kv = new MemoryKv(createNodeWorld());
  context.after(() => kv.close());
  let ms = 0;
  const dead = nodeId('n2');
  const sessions = {
    nodes: () => map.nodes(),
    volumes: () => map.volumes(),
    sessionOf: (id: NodeId) => (id === dead ? undefined : map.sessionOf(id)),
  };
  const absence = new Absence(sessions, { revision: 1 }, { now: () => ms, wall: () => ms });
  absence.observe();
  ms = 60_000;
  cluster.set(dead, 'gone');
  const members = ['n0', 'n1', 'n2'];
  for (const id of ['00000000000000aa', '00000000000000bb'] as VolumeId[]) {
    const { record } = volumeOf(id, { k: 2, m: 1 }, members);
    const revision = await put(kv, volumeKey(id), encodeVolume(record));
    map.learnVolume({ record, revision });
  }
  const duty = new ReplaceMembers(
    { kv, map, absence, isCoordinator: () => true, isUnfit: () => false, log: silentLogger },
    { repairDelayMs: 1000 },
  );
  return { map, kv, duty, dead };
}

test('members that are gone for good are replaced, and it is busy meanwhile', async (context) => {
  const { map, duty, dead } = await rig(context);
  assert.equal(await duty.step(signal), 'busy');
  assert.deepEqual(duty.progress(), { changed: 2 });
  for (const { record } of map.volumes()) {
    assert.ok(!record.members.includes(dead));
    assert.deepEqual(record.rebuilding, [2]);
  }
  assert.equal(await duty.step(signal), 'idle');
});

test('by a view that is behind it changes nothing, and rests until it knows better', async (context) => {
  const { map, kv, duty } = await rig(context);
  const others = map.volumes().map(({ record }) => ({ ...record, state: 'sealed' as const }));
  for (const record of others) await put(kv, volumeKey(record.id), encodeVolume(record));
  assert.equal(await duty.step(signal), 'idle');
  assert.deepEqual(duty.progress(), { changed: 0 });
  assert.deepEqual(
    map.volumes().map(({ record }) => record),
    others,
  );
  assert.equal(await duty.step(signal), 'busy');
  assert.deepEqual(duty.progress(), { changed: 2 });
});
