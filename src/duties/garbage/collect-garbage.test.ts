import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import type { VolumeId } from '#base/ids.ts';
import { nodeId } from '#base/ids.ts';
import { RevisionAges } from '#kv/revision-ages.ts';
import { type Logger, silentLogger } from '#observe/log.ts';
import { backReferenceKey, garbageKey, volumeKey } from '#protocol/keys.ts';
import { GarbageRig, notHeld, signal } from '../../../test/support/garbage-rig.ts';
import { drop, put } from '../../../test/support/names-fixture.ts';
import { CollectGarbage, type CollectGarbageDeps } from './collect-garbage.ts';

const [n0, n1, n2] = ['n0', 'n1', 'n2'].map(nodeId) as [never, never, never];
const options = { readGraceMs: 6000, traceGraceMs: 60_000, blobsPerStep: 4, roundMs: 0 };
const agesOptions = { agesMsMax: options.traceGraceMs, everyMs: 1000 };

async function setUp() {
  const rig = await GarbageRig.start(3);
  const volume = await rig.putVolume({ members: [n0, n1] });
  const collector = (change: Partial<CollectGarbageDeps> = {}) =>
    new CollectGarbage(
      {
        ...{ kv: rig.kv, shards: rig.calls, map: rig.map, clock: rig.time.clock },
        ...{ log: silentLogger, isCoordinator: () => true, isHeld: notHeld },
        ages: new RevisionAges(agesOptions),
        ...change,
      },
      options,
    );
  return { rig, volume, collector };
}

/** Until it has nothing to do now. */
async function round(duty: CollectGarbage): Promise<void> {
  while ((await duty.step(signal)) === 'busy') {}
}

async function rounds(rig: GarbageRig, duty: CollectGarbage, ms: number): Promise<void> {
  for (let passed = 0; passed <= ms; passed += 1000) {
    await round(duty);
    await rig.time.advance(1000);
  }
}

test('what was removed is deleted after the read grace, and no sooner', async () => {
  const { rig, volume, collector } = await setUp();
  const duty = collector();
  const files = await Promise.all(
    Array.from({ length: 10 }, (_, index) => rig.put(n0, `/${index}`, volume)),
  );
  const kept = await rig.put(n0, '/kept', volume);
  await round(duty);
  await rig.time.advance(options.readGraceMs);
  for (const index of files.keys()) await rig.namespace(n0).remove(`/${index}`);
  await round(duty);
  await rig.time.advance(options.readGraceMs - 1);
  await round(duty);
  for (const file of files) assert.deepEqual(rig.holders(file), [n0, n1]);
  await rig.time.advance(1);
  await round(duty);
  for (const file of files) assert.deepEqual(rig.holders(file), []);
  assert.deepEqual(rig.holders(kept), [n0, n1]);
  assert.equal(duty.progress().deleted, 10);
});

test('what has only moved is deleted at once: reads go on where it is now', async () => {
  const { rig, volume, collector } = await setUp();
  const duty = collector();
  const [old, copied] = [await rig.put(n0, '/a', volume), await rig.put(n0, '/b', volume)];
  await rig.namespace(n0).copy('/b', '/c');
  const moved = await rig.upload(n0, volume);
  assert.equal(await rig.namespace(n0).relocate(old.blob, moved), 1);
  await rig.namespace(n0).remove('/b');
  await round(duty);
  assert.deepEqual([rig.holders(old), rig.holders(moved)], [[], [n0, n1]]);
  assert.deepEqual(rig.holders(copied), [n0, n1]);
  // A name that has moved away lets go of it; the last one is removed.
  const again = await rig.upload(n0, volume);
  assert.equal(await rig.namespace(n0).relocate(copied.blob, again), 1);
  await rig.namespace(n0).remove('/c');
  await round(duty);
  assert.deepEqual([rig.holders(copied), rig.holders(again)], [[], [n0, n1]]);
});

test('a key stays as long as a late create may come, and goes after a second deletion', async () => {
  const { rig, volume, collector } = await setUp();
  const duty = collector();
  const file = await rig.put(n0, '/a', volume);
  await rig.namespace(n0).remove('/a');
  await rounds(rig, duty, options.readGraceMs + 2000);
  assert.deepEqual(rig.holders(file), []);
  assert.deepEqual(await rig.garbage(), [file.blob]);
  // A repair that had read the shard before it was deleted elsewhere.
  for (const held of rig.shardsOf(file)) rig.node(held.node).write(held);
  await rounds(rig, duty, options.traceGraceMs / 2);
  assert.deepEqual(await rig.garbage(), [file.blob]);
  await rounds(rig, duty, options.traceGraceMs);
  assert.deepEqual(await rig.garbage(), []);
  assert.deepEqual(rig.holders(file), []);
  assert.deepEqual(duty.progress(), {
    waiting: { blobs: 0, bytes: 0, awaitingNodes: 0 },
    deleted: 1,
  });
});

test('members that are away keep it in the queue, and hold up nobody else', async () => {
  const { rig, volume, collector } = await setUp();
  const other = await rig.putVolume({ id: '00000000000000bb' as VolumeId, members: [n1, n2] });
  const first = await rig.put(n0, '/first', volume);
  const second = await rig.put(n0, '/second', other);
  for (const path of ['/first', '/second']) await rig.namespace(n0).remove(path);
  rig.node(n0).isUp = false;
  const duty = collector();
  await rounds(rig, duty, options.traceGraceMs * 2);
  assert.deepEqual(rig.holders(first), [n0]);
  assert.deepEqual(rig.holders(second), []);
  assert.deepEqual(await rig.garbage(), [first.blob]);
  const waiting = { blobs: 1, bytes: first.size, awaitingNodes: 1 };
  assert.deepEqual(duty.progress().waiting, waiting);
  const calls = rig.deleteCalls;
  await rounds(rig, duty, 5000);
  assert.equal(rig.deleteCalls, calls, 'nobody is asked again for nothing');
  rig.node(n0).isUp = true;
  await rounds(rig, duty, 1000);
  assert.deepEqual(rig.holders(first), []);
  await rounds(rig, duty, options.traceGraceMs * 2);
  assert.deepEqual(await rig.garbage(), []);
});

test('a member that was away and is none any more is not waited for', async () => {
  const { rig, volume, collector } = await setUp();
  const file = await rig.put(n0, '/a', volume);
  await rig.namespace(n0).remove('/a');
  rig.node(n0).isUp = false;
  const duty = collector();
  await rounds(rig, duty, options.readGraceMs * 2);
  await rig.putVolume({ members: [n2, n1], epoch: 2 });
  await rounds(rig, duty, options.traceGraceMs * 2);
  assert.deepEqual(await rig.garbage(), []);
  assert.deepEqual(rig.node(n0).list(undefined, 9).length, 1);
  assert.deepEqual(rig.holders(file), []);
});

test('nodes that fill a slot, and members that the map does not know of, are asked too', async () => {
  const { rig, volume, collector } = await setUp();
  const file = await rig.put(n0, '/a', volume);
  await rig.namespace(n0).remove('/a');
  const incoming = [{ slot: 0, node: n2 }];
  await rig.putVolume({ members: [n0, n1], incoming, epoch: 2 }, false);
  const [held] = rig.shardsOf(file);
  assert.ok(held);
  rig.node(n2).write(held);
  await rounds(rig, collector(), options.readGraceMs * 2);
  assert.equal(rig.node(n2).has(held.key), false);
});

test('a member that fails is tried again, and the others go on meanwhile', async () => {
  const { rig, volume, collector } = await setUp();
  const files = await Promise.all(
    Array.from({ length: 9 }, (_, index) => rig.put(n0, `/${index}`, volume)),
  );
  for (const index of files.keys()) await rig.namespace(n0).remove(`/${index}`);
  let failures = 0;
  const deleteBlobs: typeof rig.calls.deleteBlobs = async (node, blobs, limits) => {
    if (node !== n1 || failures === 3) return rig.calls.deleteBlobs(node, blobs, limits);
    failures += 1;
    throw new DftfsError('deadline_exceeded', 'planted');
  };
  const duty = collector({ shards: { deleteBlobs } });
  await rounds(rig, duty, options.readGraceMs * 2);
  assert.equal(failures, 3);
  for (const file of files) assert.deepEqual(rig.holders(file), []);
});

test('a crash between any two steps, and two at a time: no harm, and the rest is done', async () => {
  for (let calls = 0; calls < 12; calls++) {
    const { rig, volume, collector } = await setUp();
    const kept = await rig.put(n0, '/kept', volume);
    const files = await Promise.all(
      Array.from({ length: 6 }, (_, index) => rig.put(n0, `/${index}`, volume)),
    );
    await rig.namespace(n0).copy('/0', '/copy');
    for (const index of files.keys()) await rig.namespace(n0).remove(`/${index}`);
    let left = calls;
    const dying = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
      return (...args: A): Promise<R> => {
        left -= 1;
        return left < 0 ? new Promise(() => {}) : call(...args);
      };
    };
    const range: typeof rig.kv.range = dying((...args) => rig.kv.range(...args));
    const txn: typeof rig.kv.txn = dying((...args) => rig.kv.txn(...args));
    const shards = { deleteBlobs: dying(rig.calls.deleteBlobs) };
    const first = collector({ kv: { range, txn }, shards });
    const second = collector();
    for (let passed = 0; passed < 3 * options.traceGraceMs; passed += 1000) {
      void first.step(signal);
      await round(second);
      await rig.time.advance(1000);
    }
    assert.deepEqual(await rig.garbage(), []);
    const [copied, ...removed] = files;
    for (const file of removed) assert.deepEqual(rig.holders(file), []);
    for (const file of [kept, copied]) assert.deepEqual(file && rig.holders(file), [n0, n1]);
  }
});

test('4.5 a blob with a name is not touched, whatever the queue says', async () => {
  const { rig, volume, collector } = await setUp();
  const file = await rig.put(n0, '/a', volume);
  await rig.namespace(n0).remove('/a');
  await put(rig.kv, backReferenceKey(file.blob, '/b'), Buffer.alloc(0));
  const errors: string[] = [];
  const log: Logger = { ...silentLogger, error: (event) => errors.push(event) };
  const duty = collector({ log });
  await rounds(rig, duty, options.traceGraceMs * 2);
  assert.deepEqual(rig.holders(file), [n0, n1]);
  assert.deepEqual(await rig.garbage(), [file.blob]);
  assert.equal(errors[0], 'a blob in the queue of garbage has a name');
});

test('a volume without a record is passed over; a record that is damaged stays', async () => {
  const { rig, volume, collector } = await setUp();
  const gone = await rig.putVolume({ id: '00000000000000bb' as VolumeId, members: [n0, n2] });
  const file = await rig.put(n0, '/a', gone);
  const other = await rig.put(n0, '/b', volume);
  for (const path of ['/a', '/b']) await rig.namespace(n0).remove(path);
  await drop(rig.kv, volumeKey(gone.id));
  await put(rig.kv, garbageKey('0'.repeat(32) as never), Buffer.from('{'));
  const errors: string[] = [];
  const duty = collector({ log: { ...silentLogger, error: (event) => errors.push(event) } });
  await rounds(rig, duty, options.traceGraceMs * 2);
  assert.deepEqual(await rig.garbage(), ['0'.repeat(32)]);
  assert.deepEqual(rig.holders(other), []);
  assert.deepEqual(rig.holders(file), [n0, n2]);
  assert.equal(errors[0], 'garbage not understood');
});

test('a long queue in which nothing is due is walked seldom, one that gets shorter is not', async () => {
  const { rig, volume, collector } = await setUp();
  let pages = 0;
  const range: typeof rig.kv.range = async (...args) => {
    pages += 1;
    await rig.time.advance(100);
    return rig.kv.range(...args);
  };
  const deleteBlobs: typeof rig.calls.deleteBlobs = async (...args) => {
    await rig.time.advance(3000);
    return rig.calls.deleteBlobs(...args);
  };
  const kv = { range, txn: rig.kv.txn.bind(rig.kv) };
  const duty = collector({ kv, shards: { deleteBlobs } });
  for (let index = 0; index < 12; index++) {
    await rig.put(n0, `/${index}`, volume);
    await rig.namespace(n0).remove(`/${index}`);
  }
  await round(duty);
  assert.equal(pages, 3);
  await round(duty);
  assert.equal(pages, 3, 'it rests');
  await rig.time.advance(options.readGraceMs);
  await round(duty);
  assert.equal(duty.progress().deleted, 12);
  await round(duty);
  assert.equal(pages, 9, 'it goes on');
});

test('slow walks over a long queue put off what becomes due by no more than they take', async () => {
  const { rig, volume, collector } = await setUp();
  const pageMs = 2 * options.readGraceMs;
  let pages = 0;
  const range: typeof rig.kv.range = async (...args) => {
    pages += 1;
    await rig.time.advance(pageMs);
    return rig.kv.range(...args);
  };
  const duty = collector({ kv: { range, txn: rig.kv.txn.bind(rig.kv) } });
  for (let index = 0; index < 8; index++) {
    await rig.put(n0, `/${index}`, volume);
    await rig.namespace(n0).remove(`/${index}`);
  }
  await round(duty);
  await round(duty);
  const walked = pages;
  await rig.time.advance(walked * pageMs);
  await round(duty);
  assert.ok(pages > walked);
});

test('only the coordinator collects, and nobody while a backup is on hold', async () => {
  const { rig, volume, collector } = await setUp();
  const file = await rig.put(n0, '/a', volume);
  await rig.namespace(n0).remove('/a');
  let isCoordinator = false;
  let isHeld = true;
  const duty = collector({ isCoordinator: () => isCoordinator, isHeld: async () => isHeld });
  await rounds(rig, duty, options.readGraceMs * 2);
  isCoordinator = true;
  await rounds(rig, duty, options.readGraceMs * 2);
  assert.deepEqual(rig.holders(file), [n0, n1]);
  isHeld = false;
  await rounds(rig, duty, options.readGraceMs * 2);
  assert.deepEqual(rig.holders(file), []);
});
