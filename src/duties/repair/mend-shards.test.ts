import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeId } from '#base/ids.ts';
import { silentLogger } from '#observe/log.ts';
import type { HeldShard } from '#protocol/shards.ts';
import type { VolumeRecord } from '#protocol/volumes.ts';
import { noise } from '../../../test/support/blob-rig.ts';
import { type FakeNode, keyText } from '../../../test/support/fake-cluster.ts';
import { createHealingRig } from '../../../test/support/healing-rig.ts';
import { RebuildQueue } from '../scrub/rebuild-queue.ts';
import { MendShards } from './mend-shards.ts';

const signal = new AbortController().signal;

test('what a node has lost is made anew from the others, and what they lost too is told', async () => {
  const rig = createHealingRig(6);
  const blob = await rig.write(noise(1_500_000));
  const record = blob.volumes[0]?.record as VolumeRecord;
  const node = rig.cluster.node(record.members[1] as NodeId);
  const lose = (stripe: number) => {
    const key = { volume: record.id, blob: blob.blob, stripe, slot: 1 };
    const bytes = node.shards.get(keyText(key)) as Buffer;
    node.shards.delete(keyText(key));
    return { key, length: bytes.length, bytes };
  };
  const lost = [lose(0), lose(1)] as const;
  for (const [slot, member] of record.members.entries()) {
    if (slot >= 2) rig.cluster.node(member).shards.delete(keyText({ ...lost[1].key, slot }));
  }
  let ms = 0;
  const queue = new RebuildQueue();
  let damaged: HeldShard[] = [lost[1]];
  const duty = new MendShards({
    ...{ map: rig.cluster.map, filler: rig.fillerOf(node.id), queue, log: silentLogger },
    store: { damaged: () => damaged },
    clock: { now: () => ms, wall: () => ms },
  });
  queue.add(lost[0]);
  while ((await duty.step(signal)) === 'busy');
  assert.ok(node.shards.get(keyText(lost[0].key))?.equals(lost[0].bytes));
  assert.deepEqual(duty.progress(), { shardsWaiting: 0, shardsMended: 1, shardsBeyondRepair: 1 });
  damaged = [lost[0]];
  assert.equal(await duty.step(signal), 'idle');
  ms = 5000;
  assert.equal(await duty.step(signal), 'busy');
});

test('what can’t be had now is tried again, for a while', async () => {
  const rig = createHealingRig(6);
  const blob = await rig.write(noise(1000));
  const record = blob.volumes[0]?.record as VolumeRecord;
  const [own, ...others] = record.members.map((id) => rig.cluster.node(id)) as [
    FakeNode,
    ...FakeNode[],
  ];
  const key = { volume: record.id, blob: blob.blob, stripe: 0, slot: 0 };
  const held = { key, length: 1000 };
  own.shards.delete(keyText(key));
  let ms = 0;
  let isKnown = false;
  const queue = new RebuildQueue();
  const duty = new MendShards({
    map: { volume: (id) => (isKnown ? rig.cluster.map.volume(id) : undefined) },
    ...{ filler: rig.fillerOf(own.id), queue, log: silentLogger, store: { damaged: () => [] } },
    clock: { now: () => ms, wall: () => ms },
  });
  const look = async () => {
    ms += 5000;
    let steps = 0;
    while ((await duty.step(signal)) === 'busy') steps++;
    return steps;
  };
  queue.add(held);
  assert.ok((await look()) > 0);
  isKnown = true;
  for (const node of others) rig.cluster.set(node.id, 'gone');
  assert.equal(await look(), 1);
  for (const node of others) rig.cluster.set(node.id, 'up');
  assert.equal(await look(), 1);
  assert.equal(own.shards.get(keyText(key))?.length, 1000);
  assert.equal(await look(), 0);
  isKnown = false;
  queue.add(held);
  let tries = 0;
  while ((await look()) > 0) assert.ok(++tries < 100);
  assert.ok(tries > 10);
});
