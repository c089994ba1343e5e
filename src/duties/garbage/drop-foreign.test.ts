import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import { nodeId, type VolumeId } from '#base/ids.ts';
import { type Logger, silentLogger } from '#observe/log.ts';
import { volumeKey } from '#protocol/keys.ts';
import type { VolumeRecord } from '#protocol/volumes.ts';
import { GarbageRig, notHeld, type RigNode, signal } from '../../../test/support/garbage-rig.ts';
import { drop } from '../../../test/support/names-fixture.ts';
import { RebuildQueue } from '../scrub/rebuild-queue.ts';
import { DropForeign, type DropForeignDeps } from './drop-foreign.ts';

const [n0, n1, n2, n3] = ['n0', 'n1', 'n2', 'n3'].map(nodeId) as [never, never, never, never];
const copies = { k: 1, m: 1 };
const striped = { k: 2, m: 1 };

/** A volume that n0 was a member of, whose place n3 has taken, and files that n0 still holds. */
async function setUp(code = striped) {
  const rig = await GarbageRig.start(4);
  const members = code === striped ? [n0, n1, n2] : [n0, n1];
  const volume = await rig.putVolume({ code, members });
  const extents = [{ volume: volume.id, first: 0, count: 3 }];
  const files = await Promise.all(
    [...Array(4).keys()].map((index) => rig.put(n1, `/${index}`, volume, { extents })),
  );
  const replace = (change: Partial<VolumeRecord> = {}, isOnMap = true) =>
    rig.putVolume({ code, members: members.with(0, n3), epoch: 2, ...change }, isOnMap);
  /** Brings all that its place has to n3. */
  const fill = () => {
    for (const held of files.flatMap((file) => rig.shardsOf(file))) rig.node(held.node).write(held);
  };
  const rebuild = new RebuildQueue();
  const dropper = (node: RigNode, change: Partial<DropForeignDeps> = {}) =>
    new DropForeign(
      {
        ...{ self: node.id, kv: rig.kv, store: node, shards: rig.calls, map: rig.map, rebuild },
        ...{ clock: rig.time.clock, log: silentLogger, isHeld: notHeld, ...change },
      },
      { shardsPerStep: 5, roundPauseMs: 0 },
    );
  const own = rig.node(n0);
  return { rig, volume, files, replace, fill, dropper, own, rebuild };
}

async function walk(duty: DropForeign): Promise<number> {
  while ((await duty.step(signal)) === 'busy') {}
  return duty.progress().dropped;
}

for (const [name, code] of Object.entries({ copies, striped })) {
  test(`who returns after its replacement drops what isn't its own any more: ${name}`, async () => {
    const { rig, files, replace, fill, dropper, own } = await setUp(code);
    await replace({ rebuilding: [0] });
    fill();
    assert.equal(await walk(dropper(own)), 0, 'the new member may still be filling from here');
    await replace();
    assert.equal(await walk(dropper(own)), 12);
    assert.equal(own.list(undefined, 99).length, 0);
    for (const file of files) assert.equal(rig.holders(file).length, rig.shardsOf(file).length);
    for (const node of rig.nodes) assert.equal(await walk(dropper(node)), 0);
  });
}

test('nothing is dropped while a member is away, or by a map that is behind', async () => {
  const { rig, volume, replace, fill, dropper, own } = await setUp();
  // The map says that n0 is out, the record that it is in.
  rig.volumes.set(volume.id, { ...volume, members: [n3, n1, n2] });
  fill();
  assert.equal(await walk(dropper(own)), 0);
  await replace();
  rig.node(n2).isUp = false;
  assert.equal(await walk(dropper(own)), 0);
  rig.node(n2).isUp = true;
  assert.equal(await walk(dropper(own)), 12);
});

test('who is becoming a member keeps what is in its slot, and drops what is in another', async () => {
  const { rig, replace, fill, dropper, own } = await setUp();
  await replace({ incoming: [{ slot: 0, node: n0 }] });
  fill();
  assert.equal(await walk(dropper(own)), 0);
  await replace({ incoming: [{ slot: 2, node: n0 }] });
  const [first] = own.list(undefined, 1);
  assert.ok(first);
  own.write({ ...first, key: { ...first.key, slot: 2 } });
  assert.equal(await walk(dropper(own)), 12);
  assert.deepEqual(
    own.list(undefined, 99).map(({ key }) => key.slot),
    [2],
  );
  assert.equal(rig.node(n3).list(undefined, 99).length, 12);
});

test('4.7 what a member lacks and a name tells of is kept, and it is said', async () => {
  const { rig, files, replace, fill, dropper, own } = await setUp();
  await replace();
  fill();
  const [file] = files;
  const lost = file && rig.shardsOf(file)[1];
  assert.ok(lost);
  await rig.node(lost.node).delete([lost.key]);
  const errors: string[] = [];
  const log: Logger = { ...silentLogger, error: (event) => errors.push(event) };
  const duty = dropper(own, { log });
  assert.equal(await walk(duty), 11);
  assert.deepEqual(duty.progress(), { dropped: 11, kept: 1 });
  assert.deepEqual(own.list(undefined, 9)[0]?.key, { ...lost.key, slot: 0 });
  assert.equal(errors.length, 1);
  rig.node(lost.node).write(lost);
  assert.equal(await walk(duty), 12);
});

test('what was removed while this node was away goes, though no member has it', async () => {
  const { rig, files, replace, dropper, own } = await setUp();
  await replace();
  for (const [index, file] of files.entries()) {
    await rig.namespace(n1).remove(`/${index}`);
    for (const { node, key } of rig.shardsOf(file)) {
      if (node !== n0) await rig.node(node).delete([key]);
    }
  }
  assert.equal(await walk(dropper(own)), 12);
});

test('a volume that gets this node back meanwhile keeps its shards, or has them rebuilt', async () => {
  for (const isBeforeDeletion of [true, false]) {
    const { rig, replace, fill, dropper, own, rebuild } = await setUp();
    await replace();
    fill();
    const back = () => replace({ members: [n0, n1, n2], rebuilding: [0], epoch: 3 }, false);
    const list: typeof rig.calls.list = async (...args) => {
      if (isBeforeDeletion) await back();
      return rig.calls.list(...args);
    };
    const remove: typeof own.delete = async (keys) => {
      await own.delete(keys);
      await back();
    };
    const duty = dropper(own, { shards: { list }, store: { list: own.list, delete: remove } });
    await duty.step(signal);
    assert.equal(own.list(undefined, 99).length, isBeforeDeletion ? 12 : 7);
    assert.equal(rebuild.size, isBeforeDeletion ? 0 : 5);
  }
});

test('what was dropped is asked for anew when the volume can’t be read after that', async () => {
  for (const isDeleted of [true, false]) {
    const { rig, replace, fill, dropper, own, rebuild } = await setUp();
    await replace();
    fill();
    const lost = () => Promise.reject(new DftfsError('names_unavailable', 'It is away.'));
    let isThere = true;
    const kv: DropForeignDeps['kv'] = {
      get: (...args) => (isThere ? rig.kv.get(...args) : lost()),
      txn: (...args) => rig.kv.txn(...args),
    };
    const remove: typeof own.delete = async (keys) => {
      isThere = false;
      await own.delete(isDeleted ? keys : keys.slice(0, 2));
      if (!isDeleted) throw new DftfsError('store_full', 'There is no space.');
    };
    const duty = dropper(own, { kv, store: { list: own.list, delete: remove } });
    if (isDeleted) await duty.step(signal);
    else await assert.rejects(duty.step(signal), { code: 'store_full' });
    assert.equal(rebuild.size, 5);
  }
});

test('a volume without a record is left to the names', async () => {
  const { rig, volume, replace, fill, dropper, own } = await setUp();
  await replace();
  fill();
  await drop(rig.kv, volumeKey(volume.id));
  assert.equal(await walk(dropper(own)), 0);
  rig.volumes.delete(volume.id);
  const key = { volume: 'ff00000000000000' as VolumeId, blob: 'a'.repeat(32), stripe: 0, slot: 0 };
  own.write({ key: key as never, length: 1 });
  assert.equal(await walk(dropper(own)), 0);
  assert.equal(own.list(undefined, 99).length, 13);
});

test('nothing is dropped while a backup is on hold', async () => {
  const { replace, fill, dropper, own } = await setUp();
  await replace();
  fill();
  assert.equal(await walk(dropper(own, { isHeld: async () => true })), 0);
});
