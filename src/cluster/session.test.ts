import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DftfsError, isCode } from '#base/errors.ts';
import { nodeId, type VolumeId } from '#base/ids.ts';
import { createNodeWorld } from '#io/node/world.ts';
import type { Kv } from '#kv/kv.ts';
import { FaultyKv, type KvCall } from '#kv/memory/faulty-kv.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { silentLogger } from '#observe/log.ts';
import { eraKey, livenessKey, nodeKey, volumeKey } from '#protocol/keys.ts';
import { decodeVolume, encodeVolume, type VolumeRecord } from '#protocol/volumes.ts';
import { drop, options, put, volumeRecord } from '../../test/support/names-fixture.ts';
import { decodeRegistration, encodeRegistration, type NodeRegistration } from './registration.ts';
import { NodeSession } from './session.ts';

const world = createNodeWorld();
const self = nodeId('n1');
const a = '00000000000000aa' as VolumeId;
const b = '00000000000000bb' as VolumeId;
const c = '00000000000000cc' as VolumeId;

type Coming = Partial<NodeRegistration> & { readonly diskIsNew?: boolean };
type Probe = (other: NodeRegistration) => Promise<string | undefined>;

const registration: NodeRegistration = {
  ...{ id: self, host: '127.0.0.1', port: 1, httpPort: 2, zone: 'local', capacityBytes: 1 },
  ...{ incarnation: 'first', diskId: 'disk-1', generation: 3 },
};

function sessionOf(kv: Kv, { diskIsNew = false, ...change }: Coming, probe?: Probe): NodeSession {
  const record = { ...registration, incarnation: 'second', generation: 4, ...change };
  const deps = { ...world, kv, log: silentLogger, probe: probe ?? (async () => undefined) };
  return new NodeSession(deps, { record, diskIsNew, leaseTtlMs: 60_000, era: 0 });
}

/** A node that ran and is gone, a member of volumes a and b and not of c. */
async function rig(context: TestContext, change: Partial<VolumeRecord> = {}) {
  const memory = new MemoryKv(world);
  const kv = new FaultyKv({ kv: memory, timers: world.timers });
  const keep = (record: VolumeRecord) => put(memory, volumeKey(record.id), encodeVolume(record));
  await keep(volumeRecord({ id: a }));
  await keep(volumeRecord({ id: b, members: ['n2', 'n1'].map(nodeId), ...change }));
  await keep(volumeRecord({ id: c, members: ['n2', 'n3'].map(nodeId) }));
  await put(memory, nodeKey(self), encodeRegistration(registration));
  const volume = async (id: VolumeId) => {
    const entry = await memory.get(volumeKey(id), options);
    assert.ok(entry);
    return decodeVolume(entry.value);
  };
  const marked = async () =>
    (await Promise.all([a, b, c].map(volume))).map(({ rebuilding }) => rebuilding);
  const session = (coming: Coming, probe?: Probe) => {
    const made = sessionOf(kv, coming, probe);
    context.after(() => made.close());
    return made;
  };
  const start = async (coming: Coming) => {
    const started = session(coming);
    await started.start();
    return started.standing;
  };
  return { memory, kv, volume, marked, session, start };
}

test('a node back with its disk is whole at once', async (context) => {
  const { memory, marked, start } = await rig(context);
  assert.equal(await start({}), 'known');
  assert.deepEqual(await marked(), [[], [], []]);
  const entry = await memory.get(nodeKey(self), options);
  assert.equal(entry && decodeRegistration(entry.value).generation, 4);
});

test('a wiped, a swapped and an old disk: nobody counts on the slots any more', async (context) => {
  const comings: readonly (readonly [string, Coming])[] = [
    ['wiped', { diskId: 'disk-2', generation: 1, diskIsNew: true }],
    ['swapped', { diskId: 'disk-2', generation: 9 }],
    ['outdated', { generation: 3 }],
  ];
  for (const [standing, coming] of comings) {
    const { marked, start, volume } = await rig(context);
    assert.equal(await start(coming), standing);
    assert.deepEqual(await marked(), [[0], [1], []], standing);
    assert.deepEqual([(await volume(a)).epoch, (await volume(c)).epoch], [2, 1]);
    assert.equal(await start({ ...coming, incarnation: 'third', generation: 20 }), 'known');
  }
});

test('slots that the lost disk was still filling: commits that count on it fail', async (context) => {
  const { start, volume, marked } = await rig(context, {
    ...{ members: ['n2', 'n3'].map(nodeId), incoming: [{ slot: 1, node: self }] },
  });
  await start({ diskId: 'disk-2', diskIsNew: true });
  assert.deepEqual(await marked(), [[0], [], []]);
  assert.equal((await volume(b)).epoch, 2);
  await start({ diskId: 'disk-3', diskIsNew: true, incarnation: 'third' });
  assert.deepEqual([(await volume(a)).epoch, (await volume(a)).rebuilding], [3, [0]]);
});

test('the slots are marked before the node is live', async (context) => {
  const { kv, memory, marked, session } = await rig(context);
  kv.intercept = (call) => {
    if (call.method !== 'grantLease') return undefined;
    return { kind: 'refuse', error: new DftfsError('names_unavailable', 'No member answers.') };
  };
  const coming = session({ diskId: 'disk-2', diskIsNew: true });
  await assert.rejects(coming.start(), (error) => isCode(error, 'names_unavailable'));
  assert.deepEqual(await marked(), [[0], [1], []]);
  assert.equal(await memory.get(livenessKey(self), options), undefined);
  kv.intercept = () => undefined;
  await coming.start();
  assert.equal(coming.standing, 'wiped');
});

test('an answer that was lost does not make the disk a stranger', async (context) => {
  const { kv, memory, marked, session } = await rig(context);
  const registers = (call: KvCall) =>
    call.method === 'txn' && call.txn.then.some((op) => op.kind === 'put');
  kv.intercept = (call) =>
    registers(call)
      ? { kind: 'apply-and-fail', error: new DftfsError('outcome_unknown', 'Lost.') }
      : undefined;
  const coming = session({});
  await assert.rejects(coming.start(), (error) => isCode(error, 'outcome_unknown'));
  assert.ok(await memory.get(livenessKey(self), options), 'it had happened');
  kv.intercept = () => undefined;
  await coming.start();
  assert.equal(coming.standing, 'known');
  assert.deepEqual(await marked(), [[], [], []]);
});

test('a registration that changed since the disk was judged by it is judged anew', async (context) => {
  const { kv, memory, session } = await rig(context);
  kv.intercept = (call) => {
    if (call.method === 'grantLease')
      void put(memory, nodeKey(self), encodeRegistration(registration));
    return undefined;
  };
  const coming = session({});
  await assert.rejects(coming.start(), (error) => isCode(error, 'session_lost'));
  kv.intercept = () => undefined;
  await coming.start();
  assert.equal(coming.standing, 'known');
});

test('in a wrong era no slot is marked', async (context) => {
  const { memory, marked, session } = await rig(context);
  await put(memory, eraKey(1), Buffer.alloc(0));
  const coming = session({ diskId: 'disk-2', diskIsNew: true });
  await assert.rejects(coming.start(), (error) => isCode(error, 'peer_refused'));
  assert.deepEqual(await marked(), [[], [], []]);
});

test('4.9 a second process of the same identity is refused and harms nothing', async (context) => {
  const { marked, session } = await rig(context);
  await session({}).start();
  const clone = { incarnation: 'clone', diskId: 'disk-2', generation: 9 };
  const twin = session(clone, async () => 'second');
  await assert.rejects(twin.start(), (error) => isCode(error, 'peer_refused'));
  assert.deepEqual(await marked(), [[], [], []]);
});

test('4.10 a process that slept while another took its place is not trusted', async (context) => {
  const { memory, marked, session, start } = await rig(context);
  const sleeper = session({});
  await sleeper.start();
  assert.equal(await start({ incarnation: 'third', diskId: 'disk-2', diskIsNew: true }), 'wiped');
  await drop(memory, livenessKey(self));
  for (const id of [a, b]) await put(memory, volumeKey(id), encodeVolume(volumeRecord({ id })));
  // Its own lease is gone; it registers anew.
  await sleeper.start();
  assert.deepEqual(await marked(), [[0], [0], []]);
});

test('a node that was removed comes back as a new one', async (context) => {
  const { memory, start, marked } = await rig(context);
  await drop(memory, nodeKey(self));
  for (const id of [a, b, c]) {
    const members = ['n2', 'n3'].map(nodeId);
    await put(memory, volumeKey(id), encodeVolume(volumeRecord({ id, members })));
  }
  assert.equal(await start({}), 'new');
  assert.deepEqual(await marked(), [[], [], []]);
});

test('4.8 a copy of the disk is old once the disk has moved on', async (context) => {
  const { session, start } = await rig(context);
  const running = session({ generation: 4 });
  await running.start();
  await running.announce(5);
  await running.close();
  // Copied at generation 4; opening it made it 5.
  assert.equal(await start({ incarnation: 'third', generation: 5 }), 'outdated');
});

test('a registration changes only within its own session', async (context) => {
  const { memory, session, start } = await rig(context);
  const sleeper = session({});
  await sleeper.start();
  await start({ incarnation: 'third', generation: 5 });
  await sleeper.announce(9);
  const entry = await memory.get(nodeKey(self), options);
  assert.equal(entry && decodeRegistration(entry.value).incarnation, 'third');
});
