import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ErrorCode, isCode } from '#base/errors.ts';
import { nodeId, type VolumeId } from '#base/ids.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { silentLogger } from '#observe/log.ts';
import { drainKey, livenessKey, nodeKey, volumeKey } from '#protocol/keys.ts';
import { encodeVolume, type VolumeRecord } from '#protocol/volumes.ts';
import { FakeCluster } from '../../../test/support/fake-cluster.ts';
import { InterruptedKv } from '../../../test/support/interrupted-kv.ts';
import { type FactsChange, knownFacts } from '../../../test/support/known-facts.ts';
import { drop, options, put, volumeRecord } from '../../../test/support/names-fixture.ts';
import { NodeAdmin } from './node-admin.ts';

const n0 = nodeId('n0');
const n1 = nodeId('n1');
const nothing = Buffer.alloc(0);

async function rig(context: TestContext, nodes: number) {
  const kv = new MemoryKv(createNodeWorld());
  context.after(() => kv.close());
  const cluster = new FakeCluster(nodes);
  for (const { id } of cluster.nodes) {
    await put(kv, nodeKey(id), nothing);
    await put(kv, livenessKey(id), nothing);
  }
  const said = new Map<string, FactsChange | undefined>();
  const facts = {
    read: async () =>
      new Map(
        cluster.map
          .live()
          .filter((id) => !said.has(id) || said.get(id) !== undefined)
          .map((id) => [id, knownFacts(said.get(id))]),
      ),
  };
  /** Runs before each decision takes effect. */
  let meanwhile: () => Promise<void> = async () => {};
  const interrupted = new InterruptedKv(kv, { before: () => meanwhile() });
  const deps = { map: cluster.map, facts, log: silentLogger };
  return {
    ...{ kv, cluster, said, admin: new NodeAdmin({ ...deps, kv: interrupted.kv }) },
    other: new NodeAdmin({ ...deps, kv }),
    once: (run: () => Promise<unknown>) => {
      meanwhile = async () => {
        meanwhile = async () => {};
        await run();
      };
    },
    has: async (key: string) => (await kv.get(key, options)) !== undefined,
    die: async (name: string) => {
      cluster.set(nodeId(name), 'gone');
      await drop(kv, livenessKey(nodeId(name)));
    },
    keep: (id: string, members: string[], change: Partial<VolumeRecord> = {}) => {
      const record = { id: id as VolumeId, members: members.map(nodeId), ...change };
      return put(kv, volumeKey(record.id), encodeVolume(volumeRecord(record)));
    },
  };
}

const refused = (call: Promise<unknown>, code: ErrorCode, why: RegExp) =>
  assert.rejects(call, (error) => isCode(error, code) && why.test(error.message));

test('a drain is said once, can be taken back, and tells when it is done', async (context) => {
  const { admin, keep, has } = await rig(context, 5);
  await keep('00000000000000aa', ['n0', 'n1']);
  const before = await admin.describe(n0);
  assert.deepEqual([before.slots, before.safeToStop, before.draining], [1, false, false]);
  assert.match(String(before.reason), /drain it first/);
  const drained = await admin.drain(n0);
  assert.equal(await has(drainKey(n0)), true);
  assert.deepEqual([drained.draining, drained.safeToStop], [true, false]);
  assert.match(String(drained.reason), /1 slots are still to be moved/);
  await admin.drain(n0);
  const incoming = [{ slot: 0, node: n0 }];
  await keep('00000000000000aa', ['n2', 'n1'], { incoming });
  assert.equal((await admin.describe(n0)).safeToStop, false, 'it fills one');
  await keep('00000000000000aa', ['n2', 'n1']);
  assert.equal((await admin.describe(n0)).safeToStop, true);
  await keep('00000000000000bb', ['n2', 'n1'], { rebuilding: [0, 1] });
  assert.match(String((await admin.describe(n0)).reason), /may hold what they lack/);
  assert.equal((await admin.undrain(n0)).draining, false);
  assert.equal(await has(drainKey(n0)), false);
});

test('whom nobody knows: not found', async (context) => {
  const { admin, has } = await rig(context, 5);
  const stranger = nodeId('n9');
  for (const call of ['describe', 'drain', 'undrain', 'remove'] as const) {
    await refused(admin[call](stranger), 'node_not_found', /no node n9/);
  }
  assert.equal(await has(drainKey(stranger)), false);
});

test('too few nodes would be left: refused', async (context) => {
  const { admin, die, has } = await rig(context, 5);
  await admin.drain(n0);
  await die('n4');
  await refused(admin.drain(n1), 'drain_refused', /2 nodes would hold all data, and 3 are needed/);
  assert.equal(await has(drainKey(n1)), false);
  await admin.undrain(n0);
  await admin.drain(n1);
});

test('what it holds would not fit on the others: refused', async (context) => {
  const { admin, said, has } = await rig(context, 5);
  said.set('n0', { disk: { liveBytes: 100e9, segmentBytes: 100e9 } });
  // Of a terabyte that is offered, so much is left; a little of every disk stays free.
  const nearlyFull = { disk: { freeBytes: 55e9, totalBytes: 1e12 } };
  for (const id of ['n1', 'n2', 'n3']) said.set(id, nearlyFull);
  said.set('n4', { disk: { full: true } });
  await admin.drain(n0);
  await admin.undrain(n0);
  said.set('n3', undefined);
  await refused(admin.drain(n0), 'drain_refused', /100000000000 bytes, .* room for 70000000000/);
  said.set('n3', { disk: { segmentBytes: 1e12 - 10e9 } });
  await refused(admin.drain(n0), 'drain_refused', /room for 80000000000/);
  said.set('n0', undefined);
  await refused(admin.drain(n0), 'drain_refused', /doesn't say how much it holds/);
  assert.equal(await has(drainKey(n0)), false);
});

test('two drains at a time are judged one after the other', async (context) => {
  const { admin, other, once, has } = await rig(context, 4);
  once(() => other.drain(n1));
  await refused(admin.drain(n0), 'drain_refused', /2 nodes would hold all data/);
  assert.deepEqual([await has(drainKey(n0)), await has(drainKey(n1))], [false, true]);
});

test('only who is dead and holds nothing is removed', async (context) => {
  const { admin, keep, die, has } = await rig(context, 5);
  await keep('00000000000000aa', ['n0', 'n1']);
  await refused(admin.remove(n0), 'removal_refused', /drain it first, then stop it/);
  await admin.drain(n0);
  await keep('00000000000000aa', ['n2', 'n1']);
  await refused(admin.remove(n0), 'removal_refused', /n0 runs: stop it first/);
  await die('n0');
  assert.deepEqual(await admin.remove(n0), { id: n0, removed: true });
  assert.deepEqual([await has(nodeKey(n0)), await has(drainKey(n0))], [false, false]);
  await die('n1');
  await refused(admin.remove(n1), 'removal_refused', /wait until they are rebuilt/);
  assert.equal(await has(nodeKey(n1)), true);
});

test('a volume that comes to count on the node meanwhile keeps it', async (context) => {
  const { admin, keep, die, once, has } = await rig(context, 5);
  await die('n0');
  once(() => keep('00000000000000aa', ['n0', 'n1']));
  await refused(admin.remove(n0), 'removal_refused', /1 slots count on n0/);
  assert.equal(await has(nodeKey(n0)), true);
});

test('a node that comes back meanwhile stays', async (context) => {
  const { admin, kv, die, once, has } = await rig(context, 5);
  await die('n0');
  once(() => put(kv, livenessKey(n0), nothing));
  await refused(admin.remove(n0), 'removal_refused', /n0 runs/);
  assert.equal(await has(nodeKey(n0)), true);
});
