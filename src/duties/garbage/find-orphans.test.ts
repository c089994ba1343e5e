import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VolumeId } from '#base/ids.ts';
import { nodeId } from '#base/ids.ts';
import { RevisionAges } from '#kv/revision-ages.ts';
import { type Logger, silentLogger } from '#observe/log.ts';
import { collectionHoldKey, volumeKey } from '#protocol/keys.ts';
import { GarbageRig, notHeld, type RigNode, signal } from '../../../test/support/garbage-rig.ts';
import { checkNames, drop, put } from '../../../test/support/names-fixture.ts';
import { CollectGarbage } from './collect-garbage.ts';
import { FindOrphans, type FindOrphansDeps } from './find-orphans.ts';

const [n0, n1, n2] = ['n0', 'n1', 'n2'].map(nodeId) as [never, never, never];
const [first, second] = ['00000000000000aa', '00000000000000bb'] as [VolumeId, VolumeId];

async function setUp() {
  const rig = await GarbageRig.start(3);
  const volume = await rig.putVolume({ id: first, members: [n0, n1] });
  const finder = (node: RigNode, change: Partial<FindOrphansDeps> = {}) =>
    new FindOrphans(
      {
        ...{ kv: rig.kv, store: node, map: rig.map, shards: rig.calls, clock: rig.time.clock },
        ...{ log: silentLogger, isHeld: notHeld, ...change },
      },
      { shardsPerStep: 4, shardsPerSecondMax: 1e9, roundPauseMs: 0 },
    );
  return { rig, volume, finder };
}

async function walk(duty: FindOrphans): Promise<void> {
  while ((await duty.step(signal)) === 'busy') {}
}

/** As long as it takes the queue to empty. */
async function collect(rig: GarbageRig): Promise<void> {
  const collector = new CollectGarbage(
    {
      ...{ kv: rig.kv, shards: rig.calls, map: rig.map, clock: rig.time.clock },
      ...{ log: silentLogger, isCoordinator: () => true, isHeld: notHeld },
      ages: new RevisionAges({ agesMsMax: 1000, everyMs: 1 }),
    },
    { readGraceMs: 1000, traceGraceMs: 1000, roundMs: 0 },
  );
  for (let round = 0; round < 5; round++) {
    await collector.step(signal);
    await rig.time.advance(1000);
  }
}

test('a killed upload is garbage once its session is over, on all nodes, and only then', async () => {
  const { rig, volume, finder } = await setUp();
  const extents = [{ volume: first, first: 0, count: 9 }];
  const orphan = await rig.upload(n2, volume, { extents });
  const named = await rig.put(n2, '/named', volume, { extents });
  const other = await rig.upload(n1, volume, { extents });
  const duty = finder(rig.node(n0));
  await rig.time.advance(1e12);
  await walk(duty);
  assert.deepEqual(await rig.garbage(), []);
  await rig.leave(n2);
  await walk(duty);
  assert.deepEqual(await rig.garbage(), [orphan.blob]);
  assert.equal(rig.holders(orphan).length, 9, 'this node’s own are gone at once');
  await collect(rig);
  assert.deepEqual(await rig.garbage(), []);
  assert.equal(rig.holders(orphan).length, 0);
  for (const file of [named, other]) assert.equal(rig.holders(file).length, 18);
  const { rounds, orphans, leftovers } = duty.progress();
  assert.deepEqual({ rounds, orphans, leftovers }, { rounds: 2, orphans: 1, leftovers: 0 });
});

test('what a writer that lives has given up is garbage at once, if the writer says so', async () => {
  const { rig, volume, finder } = await setUp();
  const [given, open] = [await rig.upload(n2, volume), await rig.upload(n2, volume)];
  rig.settled.add(given.blob);
  rig.node(n2).isUp = false;
  await walk(finder(rig.node(n0)));
  assert.deepEqual(await rig.garbage(), [], 'nobody says so');
  rig.node(n2).isUp = true;
  await walk(finder(rig.node(n0)));
  assert.deepEqual(await rig.garbage(), [given.blob]);
  await collect(rig);
  assert.deepEqual([rig.holders(given), rig.holders(open)], [[], [n0, n1]]);
});

test('a blob that is named while its writer is asked keeps its bytes', async () => {
  const { rig, volume, finder } = await setUp();
  const file = await rig.upload(n2, volume);
  const settled: typeof rig.calls.settled = async (_writer, blobs) => {
    await rig.namespace(n2).create('/late', file);
    return new Set(blobs);
  };
  await walk(finder(rig.node(n0), { shards: { settled } }));
  assert.deepEqual([await rig.garbage(), rig.holders(file)], [[], [n0, n1]]);
});

test('4.4 an upload paused for long either finds its bytes or gets no name', async () => {
  for (const isOver of [false, true]) {
    const { rig, volume, finder } = await setUp();
    const paused = await rig.upload(n2, volume);
    if (isOver) await rig.join(n2);
    await rig.time.advance(1e12);
    for (const node of rig.nodes) await walk(finder(node));
    await collect(rig);
    const late = rig.namespace(n2).create('/late', paused);
    if (isOver) await assert.rejects(late, { code: 'session_lost' });
    else await late;
    const names = await checkNames(rig.kv);
    assert.deepEqual([...names.keys()], isOver ? [] : ['/late']);
    assert.deepEqual(rig.holders(paused), isOver ? [] : [n0, n1]);
  }
});

test('4.4 a create that lands between the look and the decision is seen by the decision', async () => {
  for (const isNamedFirst of [false, true]) {
    const { rig, volume, finder } = await setUp();
    const file = await rig.upload(n2, volume);
    const sessionOf = () => undefined;
    const txn: typeof rig.kv.txn = async (request, limits) => {
      const isDecision = request.then.some(({ kind }) => kind === 'txn');
      if (isDecision && isNamedFirst) await rig.namespace(n2).create('/late', file);
      if (isDecision) await rig.leave(n2);
      return rig.kv.txn(request, limits);
    };
    const kv = { range: rig.kv.range.bind(rig.kv), txn };
    await walk(finder(rig.node(n0), { kv, map: { ...rig.map, sessionOf } }));
    await rig.join(n2);
    if (!isNamedFirst) {
      // It sees traces of the blob that may be its own: it can't tell, and says so.
      await assert.rejects(rig.namespace(n2).create('/late', file), { code: 'outcome_unknown' });
      assert.equal(await rig.namespace(n2).lookup('/late'), undefined);
    }
    assert.deepEqual(await rig.garbage(), isNamedFirst ? [] : [file.blob]);
    assert.deepEqual(rig.holders(file), isNamedFirst ? [n0, n1] : [n1]);
  }
});

test('a hold that is laid between the look and the decision keeps the blob', async () => {
  const { rig, volume, finder } = await setUp();
  const file = await rig.upload(n2, volume);
  await rig.leave(n2);
  await put(rig.kv, collectionHoldKey, Buffer.alloc(0));
  await walk(finder(rig.node(n0)));
  assert.deepEqual([await rig.garbage(), rig.holders(file)], [[], [n0, n1]]);
  await drop(rig.kv, collectionHoldKey);
  await walk(finder(rig.node(n0)));
  assert.deepEqual(await rig.garbage(), [file.blob]);
});

test('a map that is behind misleads nobody: the transaction asks all liveness keys', async () => {
  const { rig, volume, finder } = await setUp();
  const file = await rig.upload(n2, volume);
  const map = { ...rig.map, sessionOf: () => undefined };
  await walk(finder(rig.node(n0), { map }));
  assert.deepEqual(await rig.garbage(), []);
  await rig.namespace(n2).create('/a', file);
  assert.deepEqual(rig.holders(file), [n0, n1]);
});

test('no liveness key at all: the sessions of all are over', async () => {
  const { rig, volume, finder } = await setUp();
  const file = await rig.upload(n2, volume);
  for (const { id } of rig.nodes) await rig.leave(id);
  await walk(finder(rig.node(n0)));
  assert.deepEqual(await rig.garbage(), [file.blob]);
});

test('4.6 what other nodes hold proves nothing: a shard that came back goes again', async () => {
  const { rig, volume, finder } = await setUp();
  const file = await rig.put(n0, '/a', volume);
  await rig.namespace(n0).remove('/a');
  await collect(rig);
  // A repair that was under way brings it back on all nodes; the file stays removed.
  for (const held of rig.shardsOf(file)) rig.node(held.node).write(held);
  await rig.join(n0);
  for (const node of rig.nodes) await walk(finder(node));
  await collect(rig);
  assert.deepEqual(rig.holders(file), []);
  assert.equal(await rig.namespace(n0).lookup('/a'), undefined);
});

test('what an upload left behind where it changed volumes goes; what it wrote stays', async () => {
  const { rig, volume, finder } = await setUp();
  await rig.putVolume({ id: second, members: [n0, n2] });
  const extents = [
    { volume: first, first: 1, count: 2 },
    { volume: second, first: 5, count: 3 },
  ];
  const file = await rig.put(n1, '/a', volume, { extents });
  await rig.namespace(n1).copy('/a', '/b');
  await rig.namespace(n1).remove('/a');
  const node = rig.node(n0);
  const strays = [
    [first, 0],
    [first, 3],
    [second, 4],
    [second, 8],
    ['00000000000000cc' as VolumeId, 1],
  ] as const;
  for (const [id, stripe] of strays) {
    node.write({ key: { volume: id, blob: file.blob, stripe, slot: 0 }, length: 5 });
  }
  const duty = finder(node);
  await walk(duty);
  assert.equal(node.list(undefined, 99).length, 5);
  assert.equal(rig.holders(file).length, 10);
  assert.equal(duty.progress().leftovers, strays.length);
});

test('of a blob in the queue this node deletes only what the queue doesn’t come by', async () => {
  const { rig, volume, finder } = await setUp();
  await rig.putVolume({ id: second, members: [n0, n2] });
  const file = await rig.put(n1, '/a', volume);
  await rig.namespace(n1).remove('/a');
  const node = rig.node(n0);
  node.write({ key: { volume: second, blob: file.blob, stripe: 0, slot: 0 }, length: 5 });
  await walk(finder(node));
  assert.deepEqual(rig.holders(file), [n0, n1]);
  assert.equal(node.list(undefined, 9, { volume: second }).length, 0);
  await drop(rig.kv, volumeKey(first));
  await walk(finder(node));
  assert.deepEqual(rig.holders(file), [n1]);
});

test('a volume without a record: named shards are kept, and it is said', async () => {
  const { rig, volume, finder } = await setUp();
  const named = await rig.put(n1, '/a', volume);
  const orphan = await rig.upload(n1, volume);
  await drop(rig.kv, volumeKey(first));
  await rig.leave(n1);
  const errors: string[] = [];
  const log: Logger = { ...silentLogger, error: (event) => errors.push(event) };
  for (const node of rig.nodes) await walk(finder(node, { log }));
  assert.deepEqual(rig.holders(named), [n0, n1]);
  // Who queued it had it deleted; the other finds it in the queue, which can't know whom to ask.
  assert.deepEqual(rig.holders(orphan), []);
  assert.equal(errors.length, 2);
});

test('a crash after any call: the next one finds what is left', async () => {
  for (let calls = 0; calls < 6; calls++) {
    const { rig, volume, finder } = await setUp();
    const orphan = await rig.upload(n2, volume);
    const named = await rig.put(n1, '/a', volume);
    await rig.leave(n2);
    let left = calls;
    const dying = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
      return (...args: A): Promise<R> => {
        left -= 1;
        return left < 0 ? new Promise(() => {}) : call(...args);
      };
    };
    const node = rig.node(n0);
    const kv: Pick<typeof rig.kv, 'range' | 'txn'> = {
      range: dying((...args: Parameters<typeof rig.kv.range>) => rig.kv.range(...args)),
      txn: dying((...args: Parameters<typeof rig.kv.txn>) => rig.kv.txn(...args)),
    };
    const store = { list: node.list, delete: dying(node.delete) };
    void finder(node, { kv, store }).step(signal);
    await rig.time.advance(1);
    for (const each of rig.nodes) await walk(finder(each));
    await collect(rig);
    assert.deepEqual([rig.holders(orphan), rig.holders(named)], [[], [n0, n1]]);
  }
});

test('does nothing while a backup is on hold, and no more than so much in a time', async () => {
  const { rig, volume } = await setUp();
  await rig.upload(n2, volume, { extents: [{ volume: first, first: 0, count: 30 }] });
  await rig.leave(n2);
  const node = rig.node(n0);
  let isHeld = true;
  const duty = new FindOrphans(
    {
      ...{ kv: rig.kv, store: node, map: rig.map, shards: rig.calls, clock: rig.time.clock },
      ...{ log: silentLogger, isHeld: async () => isHeld },
    },
    { shardsPerStep: 4, shardsPerSecondMax: 4, roundPauseMs: 1000 },
  );
  assert.equal(await duty.step(signal), 'idle');
  assert.deepEqual(await rig.garbage(), []);
  isHeld = false;
  assert.equal(await duty.step(signal), 'busy');
  assert.equal(await duty.step(signal), 'idle');
  assert.equal(duty.progress().looked, 4);
  assert.equal((await rig.garbage()).length, 1);
});
