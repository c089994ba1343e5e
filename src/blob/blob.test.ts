import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isCode } from '#base/errors.ts';
import { nodeId } from '#base/ids.ts';
import { smallBlobBytesMax, stripeBytes } from '#base/limits.ts';
import { createBlobRig, noise } from '../../test/support/blob-rig.ts';
import type { BlobSource } from './blob.ts';

const sizes = [
  1,
  1000,
  smallBlobBytesMax - 1,
  smallBlobBytesMax,
  smallBlobBytesMax + 1,
  stripeBytes - 1,
  stripeBytes,
  stripeBytes + 1,
  6 * stripeBytes + 12_345,
];

test('an empty blob has no stripes', async () => {
  const { cluster, write, read } = createBlobRig(6);
  const blob = await write(Buffer.alloc(0));
  assert.deepEqual([blob.size, blob.crc, blob.extents.length, blob.volumes.length], [0, 0, 0, 0]);
  assert.equal((await read(blob)).length, 0);
  assert.equal(cluster.shardCount, 0);
});

for (let nodes = 2; nodes <= 8; nodes++) {
  test(`all sizes come back from ${nodes} nodes`, async () => {
    const { cluster, write, read } = createBlobRig(nodes);
    for (const size of sizes) {
      const content = noise(size);
      const blob = await write(content);
      assert.equal(blob.size, size);
      assert.ok((await read(blob)).equals(content), `${size} bytes`);
      const holders = cluster.nodes.filter((node) =>
        [...node.shards.keys()].some((key) => key.includes(blob.blob)),
      );
      assert.ok(holders.length <= Math.max(2, nodes - 1));
    }
    assert.equal(cluster.map.listenerCount, 1);
  });
}

test('one node alone takes nothing', async () => {
  const { write } = createBlobRig(1, { picker: { patienceMs: 20 } });
  await assert.rejects(write(noise(10)), (error) => isCode(error, 'too_few_nodes'));
});

test('one node alone takes what is written where one copy is enough', async () => {
  const { cluster, write, read } = createBlobRig(1, { picker: { patienceMs: 20, copiesMin: 1 } });
  for (const size of sizes) {
    const content = noise(size);
    const blob = await write(content);
    assert.ok((await read(blob)).equals(content), `${size} bytes`);
  }
  for (const node of cluster.nodes) node.state = 'full';
  await assert.rejects(write(noise(10)), (error) => isCode(error, 'no_space'));
});

test('small content that only a coded volume could take survives what was promised', async () => {
  const { cluster, write, read } = createBlobRig(7);
  await write(noise(stripeBytes));
  cluster.kv.down = true;
  for (const [size, chunk] of [
    [1, 1],
    [117, 117],
    [4621, 1000],
    [smallBlobBytesMax, 65_536],
    [smallBlobBytesMax, 700],
  ] as const) {
    const content = noise(size);
    const blob = await write(content, chunk);
    const [volume] = blob.volumes;
    assert.deepEqual(volume?.record.code, { k: 4, m: 2 });
    assert.ok((await read(blob)).equals(content), `${size} bytes`);
    for (const [slot, id] of volume.record.members.entries()) {
      const lost = [id, volume.record.members[(slot + 1) % 6] ?? id];
      for (const node of lost) cluster.set(node, 'gone');
      assert.ok((await read(blob)).equals(content), `${size} bytes without ${lost}`);
      for (const node of lost) cluster.set(node, 'up');
    }
  }
});

test('content in odd chunks comes back', async () => {
  const { write, read } = createBlobRig(6);
  for (const [size, chunk] of [
    [500, 1],
    [smallBlobBytesMax, 700],
    [stripeBytes + 77, 333],
    [3 * stripeBytes, 2 * stripeBytes],
  ] as const) {
    const content = noise(size);
    assert.ok((await read(await write(content, chunk))).equals(content));
  }
});

test('any range comes back, and touches no more than it needs', async () => {
  const { cluster, write, read } = createBlobRig(7);
  const content = noise(3 * stripeBytes + 500_001);
  const blob = await write(content);
  const offset = fc.integer({ min: 0, max: content.length });
  await fc.assert(
    fc.asyncProperty(offset, offset, async (a, b) => {
      const [start, end] = [Math.min(a, b), Math.max(a, b)];
      assert.ok((await read(blob, start, end)).equals(content.subarray(start, end)));
    }),
    { numRuns: 60 },
  );
  const before = cluster.nodes.reduce((sum, node) => sum + node.bytesRead, 0);
  await read(blob, 1_500_000, 1_500_100);
  assert.equal(cluster.nodes.reduce((sum, node) => sum + node.bytesRead, 0) - before, 100);
});

for (const nodes of [3, 4, 5, 6, 7]) {
  test(`any losses that were promised are survived, ${nodes} nodes`, async () => {
    const lost = nodes < 4 ? 1 : 2;
    const { cluster, write, read } = createBlobRig(nodes);
    const contents = [noise(5000), noise(2 * stripeBytes + 99_999)];
    const blobs = [];
    for (const content of contents) blobs.push(await write(content));
    for (let a = 0; a < nodes; a++) {
      for (let b = a; b < (lost === 1 ? a + 1 : nodes); b++) {
        for (const node of cluster.nodes) node.state = 'up';
        for (const index of [a, b]) cluster.set(nodeId(`n${index}`), 'gone');
        for (const [i, blob] of blobs.entries()) {
          const content = contents[i] as Buffer;
          assert.ok((await read(blob)).equals(content), `without ${a} and ${b}`);
          const [start, end] = [content.length >> 2, (content.length >> 2) + 3000];
          assert.ok((await read(blob, start, end)).equals(content.subarray(start, end)));
        }
      }
    }
  });
}

test('losses that the map does not know of are survived', async () => {
  for (const state of ['gone', 'stopped'] as const) {
    const { cluster, write, read } = createBlobRig(6);
    const content = noise(2 * stripeBytes + 7);
    const blob = await write(content);
    cluster.map.believes = () => true;
    const members = blob.volumes[0]?.record.members ?? [];
    for (const id of members.slice(0, 2)) cluster.node(id).state = state;
    assert.ok((await read(blob)).equals(content));
  }
});

test('damaged shards are replaced by others, down to the last good ones', async () => {
  const { cluster, write, read } = createBlobRig(6);
  for (const content of [noise(3000), noise(stripeBytes + 9)]) {
    for (const node of cluster.nodes) node.answers = 'sound';
    const blob = await write(content);
    const [first, second, third] = blob.volumes[0]?.record.members ?? [];
    for (const id of [first, second]) if (id) cluster.node(id).answers = 'rotten';
    assert.ok((await read(blob)).equals(content));
    if (third) cluster.node(third).answers = 'rotten';
    await assert.rejects(read(blob), (error) => isCode(error, 'data_damaged'));
  }
});

test('what turns over on the way is asked of others, and not called damaged', async () => {
  const { cluster, write, read } = createBlobRig(6);
  const content = noise(stripeBytes + 9);
  const blob = await write(content);
  const [first, ...others] = blob.volumes[0]?.record.members ?? [];
  if (first) cluster.node(first).answers = 'garbled';
  assert.ok((await read(blob)).equals(content));
  for (const id of others) cluster.node(id).answers = 'garbled';
  await assert.rejects(read(blob), (error) => isCode(error, 'data_unavailable'));
});

test('too many nodes away: unavailable, not damaged, and well again when one is back', async () => {
  const { cluster, write, read } = createBlobRig(6);
  const content = noise(stripeBytes);
  const blob = await write(content);
  const members = blob.volumes[0]?.record.members ?? [];
  for (const id of members.slice(0, 3)) cluster.set(id, 'gone');
  await assert.rejects(read(blob), (error) => isCode(error, 'data_unavailable'));
  const reading = read(blob);
  cluster.map.suspects.clear();
  for (const id of members.slice(0, 1)) cluster.set(id, 'up');
  assert.ok((await reading).equals(content));
});

test('a slow node is not waited for', { timeout: 20_000 }, async () => {
  const { cluster, write, read } = createBlobRig(6, {
    reader: { deadline: { floorMs: 60_000, ceilingMs: 60_000 } },
  });
  const contents = [noise(2000), noise(2 * stripeBytes)];
  for (const content of contents) {
    const blob = await write(content);
    const [first] = blob.volumes[0]?.record.members ?? [];
    if (first) cluster.node(first).state = 'stopped';
    cluster.map.believes = () => true;
    assert.ok((await read(blob)).equals(content));
    for (const node of cluster.nodes) node.state = 'up';
  }
});

test('a volume that the map lost is looked up', async () => {
  const { cluster, write, read } = createBlobRig(5);
  const content = noise(1000);
  const blob = await write(content);
  cluster.map.forgetVolumes();
  assert.ok((await read(blob)).equals(content));
});

test('a read that is given up ends, and leaves nothing behind', async () => {
  const { cluster, write, reader } = createBlobRig(6);
  const blob = await write(noise(6 * stripeBytes));
  const abort = new AbortController();
  const reading = reader.read(blob, 0, blob.size, { signal: abort.signal });
  await assert.rejects(
    async () => {
      for await (const _ of reading) abort.abort();
    },
    (error) => isCode(error, 'canceled'),
  );
  for await (const _ of reader.read(blob, 0, blob.size, { signal: new AbortController().signal })) {
    break;
  }
  assert.equal(cluster.map.listenerCount, 1);
});

test('content that is not what was written is refused before its end', async () => {
  const { write, reader } = createBlobRig(6);
  const blob = await write(noise(stripeBytes + 5));
  let received = 0;
  await assert.rejects(
    async () => {
      const wrong = { ...blob, crc: blob.crc ^ 1 };
      const signal = new AbortController().signal;
      for await (const chunk of reader.read(wrong, 0, blob.size, { signal })) {
        received += chunk.length;
      }
    },
    (error) => isCode(error, 'data_damaged'),
  );
  assert.ok(received < blob.size);
});

test('a read goes on where the content was moved to meanwhile, and is checked whole', async () => {
  const { cluster, reader, write } = createBlobRig(6, { reader: { window: 1 } });
  const content = noise(4 * stripeBytes);
  const [old, next, wrong] = [await write(content), await write(content), await write(noise(9))];
  const drop = (stripesFrom: number) => {
    for (const { shards } of cluster.nodes) {
      for (const key of shards.keys()) {
        const [, blob, stripe] = key.split('/');
        if (blob === old.blob && Number(stripe) >= stripesFrom) shards.delete(key);
      }
    }
  };
  const { signal } = new AbortController();
  const readOn = async (moved: () => Promise<BlobSource | undefined>) => {
    const chunks: Buffer[] = [];
    for await (const piece of reader.read(old, 0, old.size, { signal, moved })) chunks.push(piece);
    return Buffer.concat(chunks);
  };
  drop(2);
  assert.ok((await readOn(async () => next)).equals(content));
  drop(0);
  assert.ok((await readOn(async () => next)).equals(content));
  const isDamaged = (error: unknown) => isCode(error, 'data_damaged');
  await assert.rejects(
    readOn(async () => old),
    isDamaged,
  );
  await assert.rejects(
    readOn(async () => undefined),
    isDamaged,
  );
  await assert.rejects(
    readOn(async () => wrong),
    isDamaged,
  );
});
