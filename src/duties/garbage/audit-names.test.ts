import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import { nodeId, type VolumeId } from '#base/ids.ts';
import { stripeBytes } from '#base/limits.ts';
import { silentLogger } from '#observe/log.ts';
import { fileKey } from '#protocol/keys.ts';
import { GarbageRig, type RigNode, signal } from '../../../test/support/garbage-rig.ts';
import { put } from '../../../test/support/names-fixture.ts';
import { RebuildQueue } from '../scrub/rebuild-queue.ts';
import { AuditNames, type AuditNamesDeps } from './audit-names.ts';

const [n0, n1, n2] = ['n0', 'n1', 'n2'].map(nodeId) as [never, never, never];
const [wide, small] = ['00000000000000aa', '00000000000000bb'] as [VolumeId, VolumeId];
const size = 3 * stripeBytes - 1000;

/** Files in a striped volume of all three nodes and in one of copies on n0 and n1. */
async function setUp() {
  const rig = await GarbageRig.start(3);
  const volume = await rig.putVolume({ id: wide, code: { k: 2, m: 1 }, members: [n0, n1, n2] });
  const copies = await rig.putVolume({ id: small, code: { k: 1, m: 1 }, members: [n1, n0] });
  const extents = [
    { volume: wide, first: 2, count: 2 },
    { volume: small, first: 7, count: 1 },
  ];
  const files = await Promise.all(
    [...Array(7).keys()].map((index) => rig.put(n1, `/${index}`, volume, { extents, size })),
  );
  const rebuild = new RebuildQueue();
  const auditor = (node: RigNode, change: Partial<AuditNamesDeps> = {}) =>
    new AuditNames(
      {
        ...{ self: node.id, kv: rig.kv, store: node, rebuild },
        ...{ clock: rig.time.clock, log: silentLogger, ...change },
      },
      { namesPerPage: 3, namesPerSecondMax: 1e9, shardsPerStep: 4, roundPauseMs: 1000 },
    );
  return { rig, volume, copies, files, rebuild, auditor };
}

async function round(duty: AuditNames): Promise<void> {
  while ((await duty.step(signal)) === 'busy') {}
}

test('everything that is here is found, on every node', async () => {
  const { rig, rebuild, auditor } = await setUp();
  for (const node of rig.nodes) {
    const duty = auditor(node);
    await round(duty);
    const { names, missing, lastRound } = duty.progress();
    assert.deepEqual([names, missing, lastRound?.missing], [7, 0, 0]);
  }
  assert.equal(rebuild.size, 0);
});

test('what is missing is handed on with its length, whatever it was lost by', async () => {
  const { rig, files, rebuild, auditor } = await setUp();
  const node = rig.node(n0);
  const before = node.list(undefined, 99);
  await node.delete(before.map(({ key }) => key));
  const duty = auditor(node);
  await round(duty);
  const taken = rebuild.take(99).sort((a, b) => (a.key.volume < b.key.volume ? -1 : 1));
  assert.equal(before.length, 21);
  assert.deepEqual(new Set(taken.map((one) => JSON.stringify(one))).size, 21);
  for (const held of before) assert.ok(taken.some((one) => sameShard(one, held)));
  assert.equal(duty.progress().lastRound?.missing, 21);
  assert.equal(files.length, 7);
});

const sameShard = (one: unknown, other: unknown) => {
  const plain = ({ key, length }: { key: object; length: number }) =>
    JSON.stringify([Object.entries(key).sort(), length]);
  return plain(one as never) === plain(other as never);
};

test('4.6 nothing is handed on that has lost its name, or whose slot is another’s now', async () => {
  const { rig, files, rebuild, auditor } = await setUp();
  const node = rig.node(n0);
  await node.delete(node.list(undefined, 99).map(({ key }) => key));
  let isOut = false;
  // What was true when the page was read has changed when it is looked at.
  const store = {
    has: () => {
      isOut = true;
      return false;
    },
  };
  const txn: typeof rig.kv.txn = async (request, limits) => {
    if (isOut && (await rig.namespace(n1).lookup('/0'))) {
      for (const index of files.keys()) await rig.namespace(n1).remove(`/${index}`);
    }
    return rig.kv.txn(request, limits);
  };
  await round(auditor(node, { store, kv: { range: rig.kv.range.bind(rig.kv), txn } }));
  assert.equal(rebuild.size, 0);
});

test('only a member that is to hold everything is asked to', async () => {
  const { rig, rebuild, auditor } = await setUp();
  const node = rig.node(n0);
  await node.delete(node.list(undefined, 99).map(({ key }) => key));
  const code = { k: 2, m: 1 };
  await rig.putVolume({ id: wide, code, members: [n0, n1, n2], rebuilding: [0], epoch: 2 });
  await rig.putVolume({ id: small, members: [n1, n2], incoming: [{ slot: 1, node: n0 }] });
  await round(auditor(node));
  assert.equal(rebuild.size, 0);
  // The map hasn't heard yet that the slot is being rebuilt.
  await rig.putVolume({ id: wide, code, members: [n0, n1, n2], epoch: 3 });
  await rig.putVolume({ id: wide, code, members: [n0, n1, n2], rebuilding: [0], epoch: 4 }, false);
  await round(auditor(node));
  assert.equal(rebuild.size, 0);
});

test('goes on after an error where it was, and past records that it can’t understand', async () => {
  const { rig, rebuild, auditor } = await setUp();
  const node = rig.node(n0);
  await node.delete(node.list(undefined, 99).map(({ key }) => key));
  await put(rig.kv, fileKey('/3'), Buffer.from('{'));
  let calls = 0;
  const failing = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
    return (...args: A): Promise<R> => {
      calls += 1;
      if (calls % 3 === 0) throw new DftfsError('names_unavailable', 'planted');
      return call(...args);
    };
  };
  const kv: AuditNamesDeps['kv'] = {
    range: failing((...args: Parameters<typeof rig.kv.range>) => rig.kv.range(...args)),
    txn: failing((...args: Parameters<typeof rig.kv.txn>) => rig.kv.txn(...args)),
  };
  const duty = auditor(node, { kv });
  for (let step = 0; duty.progress().lastRound === undefined && step < 200; step++) {
    await duty.step(signal).catch((error) => assert.equal(error.code, 'names_unavailable'));
  }
  const { lastRound } = duty.progress();
  assert.deepEqual([lastRound?.names, lastRound?.damaged, lastRound?.missing], [6, 1, 18]);
  assert.equal(rebuild.size, 18);
});

test('rests between rounds, unless one is asked for', async () => {
  const { rig, auditor } = await setUp();
  const duty = auditor(rig.node(n0));
  const ended = () => duty.progress().lastRound?.endedAtMs;
  await round(duty);
  const first = ended();
  await rig.time.advance(999);
  await round(duty);
  assert.equal(ended(), first);
  await rig.time.advance(1);
  await round(duty);
  const second = ended();
  assert.notEqual(second, first);
  await rig.time.advance(1);
  duty.request();
  await round(duty);
  assert.notEqual(ended(), second);
  assert.equal(await duty.step(signal), 'idle');
});
