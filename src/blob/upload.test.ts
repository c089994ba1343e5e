import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCode } from '#base/errors.ts';
import type { BlobId, NodeId } from '#base/ids.ts';
import { stripeBytes } from '#base/limits.ts';
import { slotInKeys } from '#protocol/volumes.ts';
import { chunksOf, createBlobRig, noise } from '../../test/support/blob-rig.ts';
import { type FakeNode, type FakeNodeState, keyText } from '../../test/support/fake-cluster.ts';
import type { WrittenBlob } from './blob.ts';
import { stripesIn } from './stripes.ts';

type Rig = ReturnType<typeof createBlobRig>;

const forever = new AbortController().signal;

/** Polls: the work it waits for runs in the background. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'the condition never came true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Whatever is said to be written is on every member, under numbers used once. */
function assertWhole({ cluster }: Rig, blob: WrittenBlob): void {
  let next = 0;
  for (const { volume: id, first, count } of blob.extents) {
    assert.ok(first >= next, 'stripe numbers ascend');
    next = first + count;
    const volume = blob.volumes.find(({ record }) => record.id === id);
    for (let stripe = first; stripe < next; stripe++) {
      assert.ok(volume);
      const { code, members } = volume.record;
      for (const [slot, node] of members.entries()) {
        const key = { volume: id, blob: blob.blob, stripe, slot: slotInKeys(code, slot) };
        assert.ok(cluster.node(node).shards.has(keyText(key)));
      }
    }
  }
  assert.equal(stripesIn(blob.extents), Math.ceil(blob.size / stripeBytes));
  assert.ok(cluster.stuckAreUntouched());
}

const stripes = 6;

for (const state of ['gone', 'stopped', 'full', 'fenced'] as FakeNodeState[]) {
  test(`a member ${state} at any stripe: the upload goes on in another volume`, async () => {
    const content = noise(stripes * stripeBytes - 1000);
    for (const failing of state === 'gone' ? [0, 1, 2, 3, 4, 5] : [0, 5]) {
      const rig = createBlobRig(6);
      const { cluster, write, read } = rig;
      let victim: string | undefined;
      cluster.beforeWrite = (node, key) => {
        if (victim || key.stripe !== failing || key.slot !== failing % 5) return;
        victim = node.id;
        node.state = state;
      };
      const blob = await write(content);
      assert.ok(victim);
      assertWhole(rig, blob);
      // With four in flight, the first are done before the fifth is sent.
      assert.ok(blob.volumes.length > 1 || failing < 4);
      assert.ok((await read(blob)).equals(content));
      const lastVolume = blob.volumes.at(-1)?.record.members ?? [];
      assert.ok(!lastVolume.some((id) => id === victim));
    }
  });
}

test('a member that the map suspects is left at once', { timeout: 20_000 }, async () => {
  const rig = createBlobRig(6, {
    writer: { shardDeadlineFloorMs: 60_000, shardDeadlineCeilingMs: 60_000 },
  });
  const { cluster, write, read } = rig;
  cluster.beforeWrite = (node, key) => {
    if (key.stripe !== 3 || key.slot !== 1 || cluster.map.suspects.size > 0) return;
    node.state = 'stopped';
    setImmediate(() => cluster.map.suspect(node.id));
  };
  const content = noise(stripes * stripeBytes);
  const blob = await write(content);
  assertWhole(rig, blob);
  assert.ok((await read(blob)).equals(content));
});

test('two members lost in turn, and one node still holds nothing of the blob', async () => {
  const rig = createBlobRig(7);
  const { cluster, write, read } = rig;
  const killed = new Set<string>();
  cluster.beforeWrite = (node, key) => {
    if (key.slot !== 0 || killed.has(`${key.stripe}`) || (key.stripe !== 1 && killed.size !== 1))
      return;
    if (killed.size >= 2) return;
    killed.add(`${key.stripe}`);
    node.state = 'gone';
  };
  const content = noise(12 * stripeBytes);
  const blob = await write(content);
  assert.equal(killed.size, 2);
  assertWhole(rig, blob);
  assert.ok((await read(blob)).equals(content));
  const live = cluster.map.live();
  const used = new Set(blob.volumes.flatMap(({ record }) => record.members));
  assert.ok(live.filter((id) => used.has(id)).length <= live.length - 1);
});

test('a small blob goes to other nodes too', async () => {
  const rig = createBlobRig(5);
  const { cluster, write, read } = rig;
  await write(noise(10));
  let failed = false;
  cluster.beforeWrite = (node) => {
    if (!failed) node.state = 'gone';
    failed = true;
  };
  const content = noise(4096);
  const blob = await write(content);
  assertWhole(rig, blob);
  assert.ok((await read(blob)).equals(content));
});

test('nodes that come back in time are waited for', async () => {
  const rig = createBlobRig(4, { picker: { patienceMs: 5000 } });
  const { cluster, write } = rig;
  for (const { id } of cluster.nodes.slice(1)) cluster.set(id, 'gone');
  const writing = write(noise(100));
  setImmediate(() => {
    for (const { id } of cluster.nodes) cluster.set(id, 'up');
  });
  assertWhole(rig, await writing);
});

test('without enough nodes the write is refused, and so is one without a session', async () => {
  const { cluster, write } = createBlobRig(4);
  for (const { id } of cluster.nodes.slice(1)) cluster.set(id, 'gone');
  await assert.rejects(write(noise(100)), (error) => isCode(error, 'too_few_nodes'));
  cluster.session.revision = undefined;
  await assert.rejects(write(noise(100)), (error) => isCode(error, 'session_lost'));
});

test('full nodes: no space, with what was written gone again', async () => {
  const { cluster, write } = createBlobRig(6);
  cluster.beforeWrite = (_, { stripe }) => {
    if (stripe < 2) return;
    for (const node of cluster.nodes) node.state = 'full';
  };
  await assert.rejects(write(noise(stripes * stripeBytes)), (error) => isCode(error, 'no_space'));
  await until(() => cluster.shardCount === 0);
});

test('with names down, volumes that are known go on being used', async () => {
  const rig = createBlobRig(6);
  const { cluster, write, read } = rig;
  await write(noise(100));
  cluster.kv.down = true;
  const content = noise(200);
  assert.ok((await read(await write(content))).equals(content));
  cluster.map.forgetVolumes();
  await assert.rejects(write(content), (error) => isCode(error, 'names_unavailable'));
});

test('content that fails takes everything with it', async () => {
  const rig = createBlobRig(6);
  const { cluster, writer } = rig;
  async function* failing() {
    yield* chunksOf(noise(3 * stripeBytes), 65_536);
    await until(() => cluster.shardCount > 0);
    throw new Error('the client hung up');
  }
  await assert.rejects(writer.write(failing(), { signal: forever }), /the client hung up/);
  await until(() => cluster.shardCount === 0);
  assert.equal(cluster.map.listenerCount, 1);
});

test('an aborted write ends though its source is silent, and leaves nothing', async () => {
  const { cluster, writer } = createBlobRig(6);
  const abort = new AbortController();
  async function* silent() {
    yield noise(2 * stripeBytes);
    await until(() => cluster.shardCount > 0);
    abort.abort();
    await new Promise(() => {});
  }
  const writing = writer.write(silent(), { signal: abort.signal });
  await assert.rejects(writing, (error) => isCode(error, 'canceled'));
  await until(() => cluster.shardCount === 0);
});

test('a discarded blob goes away', async () => {
  const { cluster, write, writer } = createBlobRig(6);
  const blob = await write(noise(2 * stripeBytes));
  assert.ok(cluster.shardCount > 0);
  writer.discard(blob);
  await until(() => cluster.shardCount === 0);
});

test('the fate of a blob is open until it is released, is discarded, or fails', async () => {
  const { cluster, write, writer, underWay } = createBlobRig(6);
  const [first, second] = [await write(noise(10)), await write(noise(10))];
  assert.deepEqual([underWay.isOpen(first.blob), underWay.isOpen(second.blob)], [true, true]);
  writer.release(first);
  writer.discard(second);
  assert.deepEqual([underWay.isOpen(first.blob), underWay.isOpen(second.blob)], [false, false]);
  const opened: BlobId[] = [];
  cluster.beforeWrite = (_node, { blob }) => {
    assert.ok(underWay.isOpen(blob), 'before the first of its bytes goes out');
    opened.push(blob);
  };
  async function* failing() {
    yield noise(2 * stripeBytes);
    await until(() => opened.length > 0);
    throw new Error('the client has gone');
  }
  await assert.rejects(writer.write(failing(), { signal: forever }), /the client has gone/);
  assert.ok(opened.every((blob) => !underWay.isOpen(blob)));
});

test('the source is asked no faster than nodes take the bytes', async () => {
  const { cluster, writer } = createBlobRig(7, { writer: { window: 3 } });
  let taken = 0;
  let ahead = 0;
  const held = () => cluster.nodes.reduce((sum, node) => sum + node.shards.size, 0) / 6;
  async function* counting() {
    for await (const chunk of chunksOf(noise(20 * stripeBytes), 65_536)) {
      ahead = Math.max(ahead, taken / stripeBytes - Math.floor(held()));
      taken += chunk.length;
      yield chunk;
    }
  }
  for (const node of cluster.nodes) node.delayMs = 3;
  await writer.write(counting(), { signal: forever });
  assert.ok(ahead <= 5, `${ahead} stripes ahead`);
  assert.ok(cluster.writingMax <= 3 * 1.5 * stripeBytes, `${cluster.writingMax} bytes in flight`);
});

test('many uploads at once share one bound', async () => {
  const inFlightBytesMax = 4 * stripeBytes;
  const { cluster, write, read } = createBlobRig(7, { writer: { inFlightBytesMax } });
  for (const node of cluster.nodes) node.delayMs = 1;
  const contents = Array.from({ length: 12 }, (_, i) => noise(i % 2 ? 3 * stripeBytes : 30_000));
  const blobs = await Promise.all(contents.map((content) => write(content)));
  assert.ok(cluster.writingMax <= 3 * inFlightBytesMax);
  for (const [i, blob] of blobs.entries()) {
    assert.ok((await read(blob)).equals(contents[i] as Buffer));
  }
});

test('volumes are made as needed, about two a node and class, over all nodes', async () => {
  const { cluster, write } = createBlobRig(6);
  for (let i = 0; i < 100; i++) await write(noise(i % 2 ? 100 : 300_000));
  const volumes = cluster.map.volumes();
  assert.equal(volumes.length, 24);
  const slots = cluster.nodes.map(
    ({ id }) => volumes.filter(({ record }) => record.members.includes(id)).length,
  );
  assert.ok(Math.max(...slots) - Math.min(...slots) <= 2, slots.join());
});

test('small blobs that come together share a volume, as long as it will do', async () => {
  const { write, picker } = createBlobRig(6, { picker: { burstMs: 60_000 } });
  for (let i = 0; i < 20; i++) await write(noise(i % 2 ? 10 : 300_000));
  const large = await Promise.all(Array.from({ length: 20 }, () => write(noise(300_000))));
  assert.ok(new Set(large.map(({ extents }) => extents[0]?.volume)).size > 1);
  const volumes = await Promise.all([1, 2, 3, 4].map(() => write(noise(10))));
  assert.equal(new Set(volumes.map(({ extents }) => extents[0]?.volume)).size, 1);
  const member = volumes[0]?.volumes[0]?.record.members[0] as NodeId;
  picker.avoid(member, 'failing');
  const { volumes: others } = await write(noise(10));
  assert.ok(!others[0]?.record.members.includes(member));
});

test('a volume being rebuilt, sealed, or with a draining member takes nothing', async () => {
  const { cluster, write } = createBlobRig(6);
  await write(noise(10));
  for (const volume of cluster.map.volumes()) {
    cluster.map.learnVolume({ ...volume, record: { ...volume.record, rebuilding: [0] } });
  }
  const drained = cluster.nodes[0] as FakeNode;
  drained.draining = true;
  cluster.map.changed();
  for (let i = 0; i < 30; i++) {
    const { volumes } = await write(noise(10));
    assert.deepEqual(volumes[0]?.record.rebuilding, []);
    assert.ok(!volumes[0]?.record.members.includes(drained.id));
  }
});
