import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DftfsError, isCode } from '#base/errors.ts';
import { type BlobId, type NodeId, nodeId } from '#base/ids.ts';
import { stripeBytes } from '#base/limits.ts';
import type { WrittenBlob } from '#blob/blob.ts';
import type { Kv } from '#kv/kv.ts';
import { contentOf } from '#namespace/records.ts';
import { volumeKey } from '#protocol/keys.ts';
import { encodeVolume, marginOf } from '#protocol/volumes.ts';
import { noise } from '../../../test/support/blob-rig.ts';
import { type Fate, InterruptedKv } from '../../../test/support/interrupted-kv.ts';
import { createMoveRig } from '../../../test/support/move-rig.ts';
import { checkNames, put } from '../../../test/support/names-fixture.ts';
import { BlobRewriter } from './blob-rewriter.ts';

type Rig = Awaited<ReturnType<typeof createMoveRig>>;

const large = () => noise(300_000 + Math.floor(Math.random() * 1_500_000));
const { signal } = new AbortController();
const restless = { rest: async () => {} };

/** Files of one stripe and of two, some with copies. */
async function storeSome(rig: Rig, count: number): Promise<Map<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  for (let i = 0; i < count; i++) {
    const content = large();
    await rig.store(`/files/${i}`, content);
    contents.set(`/files/${i}`, content);
    if (i % 3 > 0) continue;
    await rig.namespace.copy(`/files/${i}`, `/copies/${i}`);
    contents.set(`/copies/${i}`, content);
  }
  return contents;
}

async function checkContents(rig: Rig, contents: ReadonlyMap<string, Buffer>): Promise<void> {
  const names = await checkNames(rig.kv);
  assert.deepEqual([...names.keys()].sort(), [...contents.keys()].sort());
  for (const [path, content] of contents) {
    assert.ok((await rig.load(path)).equals(content), `${path} has other bytes`);
  }
}

/** How many nodes hold something of the blob. */
const spreadOf = ({ cluster }: Rig, blob: BlobId): number =>
  cluster.nodes.filter(({ shards }) => [...shards.keys()].some((key) => key.includes(blob))).length;

test('node by node, volumes that are too wide for the rest are emptied and removed', async () => {
  const rig = await createMoveRig(7);
  const { cluster, kv } = rig;
  const { map } = cluster;
  const contents = await storeSome(rig, 12);
  const before = await checkNames(kv);
  for (const dead of ['n6', 'n5', 'n4']) {
    cluster.set(nodeId(dead), 'gone');
    await rig.settle();
    await rig.collect();
    await rig.settle();
    await checkContents(rig, contents);
    const living = map.live().length;
    for (const [path, record] of await checkNames(kv)) {
      assert.equal(contentOf(record), before.get(path)?.blob, 'the ETag changed');
      assert.ok(spreadOf(rig, record.blob) < living, `${path} is on all nodes`);
      for (const { volume } of record.extents) {
        const known = map.volume(volume)?.record;
        assert.ok(known);
        assert.equal(
          marginOf(known, (id) => map.isLive(id)),
          2,
        );
      }
    }
    const tooWide = map
      .volumes()
      .filter(({ record }) => record.code.k > 1 && record.members.length > living - 1);
    assert.deepEqual(tooWide, []);
  }
});

test('nothing is moved twice, nor where a lost member can be replaced', async () => {
  const rig = await createMoveRig(8);
  const contents = await storeSome(rig, 3);
  contents.set('/small', noise(1000));
  const small = await rig.store('/small', contents.get('/small') ?? assert.fail());
  const before = await checkNames(rig.kv);
  rig.cluster.set(nodeId('n7'), 'gone');
  await rig.settle();
  assert.deepEqual(await checkNames(rig.kv), before);
  rig.cluster.set(nodeId('n6'), 'gone');
  await rig.settle();
  const after = await checkNames(rig.kv);
  await rig.settle();
  assert.deepEqual(await checkNames(rig.kv), after);
  assert.notDeepEqual(after, before);
  assert.deepEqual(after.get('/small'), small.record);
  await checkContents(rig, contents);
});

test('a blob that can’t be read any more is counted and told of; the others go on', async () => {
  const rig = await createMoveRig(6);
  const contents = await storeSome(rig, 6);
  const lost = await rig.store('/lost', noise(2 * stripeBytes));
  for (const { shards } of rig.cluster.nodes) {
    for (const key of shards.keys()) {
      if (key.includes(`/${lost.record.blob}/0/`)) shards.delete(key);
    }
  }
  rig.cluster.set(nodeId('n5'), 'gone');
  const duties = await rig.settle();
  const failed = duties.map(({ rewriting }) => rewriting.progress().failed);
  assert.equal(
    failed.reduce((sum, count) => sum + count, 0),
    1,
  );
  for (const [path, content] of contents) assert.ok((await rig.load(path)).equals(content), path);
  await assert.rejects(rig.load('/lost'), (error) => isCode(error, 'data_damaged'));
  await checkNames(rig.kv);
});

test('what was not written as it was read gets no name', async () => {
  const rig = await createMoveRig(6);
  const { record } = await rig.store('/a', large());
  const written = await rig.write(noise(record.size));
  const discarded: WrittenBlob[] = [];
  const writer = {
    write: async () => written,
    refill: async () => written,
    release: () => assert.fail('it is not what was read'),
    discard: (blob: WrittenBlob) => discarded.push(blob),
  };
  const rewriter = new BlobRewriter({ ...rig, writer });
  const [extent = assert.fail()] = record.extents;
  await assert.rejects(rewriter.rewrite(record.blob, extent.volume, restless, signal), (error) =>
    isCode(error, 'data_damaged'),
  );
  assert.deepEqual(discarded, [written]);
  assert.deepEqual((await rig.namespace.lookup('/a'))?.record, record);
});

test('where a member is replaced meanwhile, the new one fetches what was written', async () => {
  const rig = await createMoveRig(6);
  const { record } = await rig.store('/a', large());
  const rebuilt: NodeId[] = [];
  rig.cluster.onRebuild = async ({ id }) => void rebuilt.push(id);
  let writes = 0;
  const write: typeof rig.writer.write = async (...args) => {
    writes += 1;
    const blob = await rig.writer.write(...args);
    for (const { record: volume } of blob.volumes) {
      const moved = { ...volume, epoch: volume.epoch + 1, members: volume.members.toReversed() };
      await put(rig.kv, volumeKey(volume.id), encodeVolume(moved));
    }
    return blob;
  };
  const rewriter = new BlobRewriter({ ...rig, writer: { ...rig.writer, write } });
  const [extent = assert.fail()] = record.extents;
  assert.equal(await rewriter.rewrite(record.blob, extent.volume, restless, signal), true);
  assert.equal(writes, 1);
  assert.ok(rebuilt.length > 0);
  assert.notEqual((await rig.namespace.lookup('/a'))?.record.blob, record.blob);
  await checkNames(rig.kv);
});

test('it breathes between stripes', async () => {
  const rig = await createMoveRig(6);
  const { record } = await rig.store('/a', noise(3 * stripeBytes));
  let rests = 0;
  const breather = { rest: async () => void rests++ };
  const rewriter = new BlobRewriter(rig);
  const [extent = assert.fail()] = record.extents;
  assert.equal(await rewriter.rewrite(record.blob, extent.volume, breather, signal), true);
  assert.equal(rests, 3);
  assert.equal(rewriter.bytes, record.size);
});

test('all members that live take part, each in its share', async () => {
  const rig = await createMoveRig(6);
  const contents = await storeSome(rig, 30);
  rig.cluster.set(nodeId('n5'), 'gone');
  const duties = await rig.settle();
  const { length } = [...contents.keys()].filter((path) => path.startsWith('/files'));
  const blobs = duties.map(({ rewriting }) => rewriting.progress().blobs);
  assert.ok(blobs.filter((count) => count > 0).length > 1, `${blobs}`);
  assert.equal(
    blobs.reduce((sum, count) => sum + count, 0),
    length,
    'none is moved twice',
  );
});

test('two who empty the same volume at once do no harm', async () => {
  const rig = await createMoveRig(6);
  const contents = await storeSome(rig, 6);
  rig.cluster.set(nodeId('n5'), 'gone');
  await Promise.all([rig.settle(), rig.settle(), rig.settle()]);
  await rig.collect();
  await checkContents(rig, contents);
  const named = new Set([...(await checkNames(rig.kv)).values()].map(({ blob }) => blob));
  const left = () =>
    rig.cluster.nodes
      .filter(({ id }) => id !== 'n5')
      .flatMap(({ shards }) => [...shards.keys()].map((key) => key.split('/')[1] as BlobId))
      .filter((blob) => !named.has(blob));
  const bound = AbortSignal.timeout(5000);
  while (left().length > 0) {
    await rig.world.timers.sleep(5);
    bound.throwIfAborted();
  }
});

test('cut off at any change of the names, it goes on where it was', async () => {
  for (const fate of ['lose', 'lose reply', 'refuse'] as const) {
    for (let cut = 0; cut < 12; cut++) await cutOff(cut, fate);
  }
});

/** From the `cut`-th write on all are lost, until others take over. */
async function cutOff(cut: number, fate: Fate): Promise<void> {
  let armedAt = Number.POSITIVE_INFINITY;
  const wrap = (kv: Kv) => {
    interrupted = new InterruptedKv(kv, { fate: (n) => (n >= armedAt + cut ? fate : 'pass') });
    return interrupted.kv;
  };
  let interrupted: InterruptedKv | undefined;
  const rig = await createMoveRig(6, wrap, { picker: { patienceMs: 30 } });
  const contents = await storeSome(rig, 3);
  rig.cluster.set(nodeId('n5'), 'gone');
  armedAt = interrupted?.writes ?? 0;
  await rig.settle().catch((error: unknown) => assert.ok(error instanceof DftfsError));
  await checkContents(rig, contents);
  armedAt = Number.POSITIVE_INFINITY;
  await rig.settle();
  await rig.collect();
  await rig.settle();
  await checkContents(rig, contents);
  for (const { record } of rig.cluster.map.volumes()) {
    assert.ok(record.code.k === 1 || record.members.length <= 4, `${record.id} is still there`);
  }
}
