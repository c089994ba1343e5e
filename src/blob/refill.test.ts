import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeId, VolumeId } from '#base/ids.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import { clearRebuilding, replaceMember } from '#duties/repair/change-volume.ts';
import type { VolumeRecord } from '#protocol/volumes.ts';
import { noise } from '../../test/support/blob-rig.ts';
import { createHealingRig } from '../../test/support/healing-rig.ts';

const { signal } = new AbortController();

/** A blob whose volumes were changed so after it was written, and refilled then. */
async function refillAfter(
  change: (record: VolumeRecord, other: NodeId) => VolumeRecord,
  size = 2_000_000,
) {
  const rig = createHealingRig(6);
  const asked: NodeId[] = [];
  const { onRebuild } = rig.cluster;
  rig.cluster.onRebuild = async (node, ...rest) => {
    asked.push(node.id);
    await onRebuild?.(node, ...rest);
  };
  const otherThan = ({ members }: VolumeRecord) =>
    rig.cluster.nodes.map(({ id }) => id).find((id) => !members.includes(id)) ?? assert.fail();
  const blob = await rig.write(noise(size));
  const now = new Map<VolumeId, KnownVolume>();
  const lost: (readonly [NodeId, number])[] = [];
  for (const { record } of blob.volumes) {
    const [first] = record.members as [NodeId];
    const { shards } = rig.cluster.node(first);
    lost.push([first, shards.size]);
    shards.clear();
    now.set(record.id, await rig.setVolume(change(record, otherThan(record))));
  }
  await rig.writer.refill(blob, now, { signal });
  const members = blob.volumes.map(({ record }) => record.members);
  const held = lost.map(([node]) => [node, rig.cluster.node(node).shards.size] as const);
  return { asked, lost, held, members };
}

for (const size of [5000, 2_000_000]) {
  test(`a member that stayed, but lost its disk, fetches the stripes too: ${size}`, async () => {
    const { lost, held } = await refillAfter(
      (record) => ({ ...record, epoch: record.epoch + 1 }),
      size,
    );
    assert.ok(lost.length > 0 && lost.every(([, count]) => count > 0));
    assert.deepEqual(held, lost);
  });
}

test('a member that was out in between fetches them too', async () => {
  const { lost, held } = await refillAfter((record, other) => {
    const [first] = record.members as [NodeId];
    return clearRebuilding(replaceMember(replaceMember(record, 0, other), 0, first), 0);
  });
  assert.deepEqual(held, lost);
});

test('where a member was replaced and nothing else, others need not even be there', async () => {
  const { asked, members } = await refillAfter((record, other) => replaceMember(record, 0, other));
  assert.ok(asked.length > 0);
  for (const some of members) assert.ok(!asked.some((node) => some.includes(node)));
});

test('where the members stayed as they were, none is asked', async () => {
  const { asked } = await refillAfter((record) => ({ ...record, state: 'sealed' }));
  assert.deepEqual(asked, []);
});
