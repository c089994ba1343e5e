import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { isCode } from '#base/errors.ts';
import { type NodeId, nodeId } from '#base/ids.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import type { Kv, Txn } from '#kv/kv.ts';
import { volumeKey } from '#protocol/keys.ts';
import { encodeVolume } from '#protocol/volumes.ts';
import { noise } from '../../../test/support/blob-rig.ts';
import { InterruptedKv } from '../../../test/support/interrupted-kv.ts';
import { createMoveRig } from '../../../test/support/move-rig.ts';
import { checkNames, put } from '../../../test/support/names-fixture.ts';

const { signal } = new AbortController();

let rig: Awaited<ReturnType<typeof createMoveRig>>;
/** Runs before a write that closes or removes a volume. */
let before: (change: 'close' | 'remove') => Promise<unknown>;

beforeEach(async () => {
  before = async () => {};
  const changeOf = ({ then: [op] }: Txn) => {
    if (op?.kind === 'delete') return 'remove';
    return op?.kind === 'put' && op.value.includes('"closed"') ? 'close' : undefined;
  };
  const wrap = (kv: Kv) =>
    new InterruptedKv(kv, {
      async before(_n, txn) {
        const change = changeOf(txn);
        if (change !== undefined) await before(change);
      },
    }).kv;
  rig = await createMoveRig(6, wrap, { picker: { volumesPerNode: 0.1, patienceMs: 50 } });
});

const ids = () => rig.cluster.map.volumes().map(({ record }) => record.id);
const isChanged = (error: unknown) => isCode(error, 'volume_changed');

/** The one volume there is, as an upload found it, and sealed and empty since. */
async function sealedAndEmpty(): Promise<KnownVolume> {
  await rig.store('/first', noise(1000));
  await rig.namespace.remove('/first');
  await rig.collect();
  await rig.refresh();
  const [known = assert.fail()] = rig.cluster.map.volumes();
  const { record } = known;
  await put(rig.kv, volumeKey(record.id), encodeVolume({ ...record, state: 'sealed' }));
  await rig.refresh();
  return known;
}

const plain = { contentType: 'text/plain', metadata: {} };

/** Uploads to the volume by a node whose map is behind. */
async function writeTo(known: KnownVolume) {
  rig.cluster.map.forgetVolumes();
  rig.cluster.map.learnVolume(known);
  const written = await rig.write(noise(1000));
  assert.deepEqual(written.volumes, [known]);
  return { ...written, ...plain };
}

test('an unused volume goes when a member dies, a used one stays for repair', async () => {
  const { record } = await rig.store('/used', noise(1000));
  const [used = assert.fail()] = record.extents;
  const known = rig.cluster.map.volume(used.volume) ?? assert.fail();
  const id = 'f'.repeat(16) as typeof used.volume;
  const unused = { ...known.record, id, code: { k: 2, m: 1 } };
  await put(rig.kv, volumeKey(unused.id), encodeVolume(unused));
  await rig.settle();
  assert.deepEqual(ids(), [used.volume, unused.id].sort());
  rig.cluster.set(unused.members[1] as NodeId, 'gone');
  const duties = await rig.settle();
  assert.deepEqual(rig.cluster.map.volumes(), [known]);
  const removed = duties.map(({ removing }) => removing.progress().removed);
  assert.equal(
    removed.reduce((sum, count) => sum + count, 0),
    1,
  );
});

test('a sealed volume goes when garbage collection has emptied it', async () => {
  const known = await sealedAndEmpty();
  const file = await writeTo(known);
  await rig.namespace.create('/a', file);
  await rig.settle();
  assert.deepEqual(ids(), [known.record.id]);
  await rig.namespace.remove('/a');
  await rig.settle();
  assert.deepEqual(ids(), [known.record.id], 'a read under way may still want it');
  await rig.collect();
  await rig.settle();
  assert.deepEqual(ids(), []);
});

test('a put that comes before the closing keeps its volume', async () => {
  const known = await sealedAndEmpty();
  let puts = 0;
  before = async (change) => {
    assert.equal(change, 'close');
    puts += 1;
    await rig.namespace.create('/a', await writeTo(known));
  };
  await rig.settle();
  assert.equal(puts, 1);
  assert.deepEqual(
    rig.cluster.map.volumes().map(({ record: { id, state } }) => [id, state]),
    [[known.record.id, 'closed']],
  );
  assert.equal((await rig.load('/a')).length, 1000);
});

test('a put that comes behind the closing fails, whenever its bytes were written', async () => {
  const known = await sealedAndEmpty();
  const puts: string[] = [];
  before = async (change) => {
    if (change === 'close') return;
    puts.push(change);
    await assert.rejects(rig.namespace.create('/a', await writeTo(known)), isChanged);
  };
  await rig.settle();
  assert.deepEqual(puts, ['remove']);
  assert.deepEqual(ids(), []);
  await assert.rejects(rig.namespace.create('/a', await writeTo(known)), isChanged);
  assert.equal((await checkNames(rig.kv)).size, 0);
});

test('who can’t be asked, or isn’t whole, proves nothing', async () => {
  const known = await sealedAndEmpty();
  const { record } = known;
  const [first = assert.fail(), second = assert.fail()] = record.members;
  const { removing } = rig.dutiesOf(first);
  const { list } = rig.cluster.calls;
  const failing = Object.assign(rig.cluster.calls, {
    list: async (...args: Parameters<typeof list>) => {
      if (args[0] === second) throw new Error('no answer');
      return await list(...args);
    },
  });
  await assert.rejects(removing.step(signal), /no answer/);
  assert.equal(await removing.step(signal), 'idle', 'it is left alone for a while');
  failing.list = list;
  const rebuilding = [...record.members.keys()];
  const change = { ...record, state: 'closed', rebuilding } as const;
  await put(rig.kv, volumeKey(record.id), encodeVolume(change));
  await rig.settle();
  assert.deepEqual(ids(), [record.id]);
  for (const id of record.members) rig.cluster.set(nodeId(id), 'gone');
  await put(rig.kv, volumeKey(record.id), encodeVolume({ ...change, rebuilding: [] }));
  await rig.settle();
  assert.deepEqual(ids(), [record.id]);
});

test('as many as may lose a shard prove nothing by having none', async () => {
  const known = await sealedAndEmpty();
  const { members, code } = known.record;
  await rig.namespace.create('/a', await writeTo(known));
  assert.ok(code.m >= code.k, 'enough are left to read from');
  for (const id of members.slice(code.m)) rig.cluster.set(id, 'gone');
  for (const id of members.slice(0, code.m)) rig.cluster.node(id).shards.clear();
  await rig.settle();
  assert.deepEqual(ids(), [known.record.id]);
  for (const id of members) rig.cluster.set(id, 'up');
  assert.equal((await rig.load('/a')).length, 1000);
});

test('where too many died for that, it goes when no name calls for anything in it', async () => {
  const known = await sealedAndEmpty();
  const { members, code } = known.record;
  await rig.namespace.create('/a', await writeTo(known));
  await rig.refresh();
  await rig.store('/b', noise(1000));
  for (const id of members.slice(code.m)) rig.cluster.set(id, 'gone');
  for (const id of members.slice(0, code.m)) rig.cluster.node(id).shards.clear();
  await rig.settle();
  assert.ok(ids().includes(known.record.id));
  await rig.namespace.remove('/a');
  await rig.settle();
  assert.ok(!ids().includes(known.record.id));
});
