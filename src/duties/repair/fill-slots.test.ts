import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import type { NodeId } from '#base/ids.ts';
import type { WrittenBlob } from '#blob/blob.ts';
import { encodeFileRecord } from '#namespace/record-codec.ts';
import { backReferenceKey, fileKey } from '#protocol/keys.ts';
import type { VolumeRecord } from '#protocol/volumes.ts';
import { noise } from '../../../test/support/blob-rig.ts';
import { createHealingRig, type HealingRig } from '../../../test/support/healing-rig.ts';
import { drop, put } from '../../../test/support/names-fixture.ts';
import { dropCopy, growCopies, replaceMember } from './change-volume.ts';
import { beyondPatienceMs, type FillSlots } from './fill-slots.ts';

const signal = new AbortController().signal;
const stepsMax = 200;

let rig: HealingRig;

beforeEach(() => {
  rig = createHealingRig(6);
});

async function untilIdle(duty: FillSlots): Promise<void> {
  for (let steps = 0; (await duty.step(signal)) === 'busy'; steps++) {
    assert.ok(steps < stepsMax, 'it never ends');
  }
}

/** Writes contents into one volume, which is then in the kv as the picker made it. */
async function written(sizes: readonly number[]) {
  const contents = sizes.map((size) => noise(size));
  const blobs: WrittenBlob[] = [];
  for (const content of contents) blobs.push(await rig.write(content));
  const volumes = new Map<string, VolumeRecord>();
  for (const { volumes: used } of blobs) {
    for (const { record } of used) volumes.set(record.id, record);
  }
  for (const record of volumes.values()) await rig.setVolume(record);
  const readAll = async () => {
    for (const [index, blob] of blobs.entries()) {
      assert.ok((await rig.read(blob)).equals(contents[index] as Buffer));
    }
  };
  return { blobs, volumes: [...volumes.values()], readAll };
}

async function named(path: string, { blob, size, crc, extents }: WrittenBlob): Promise<void> {
  const content = { blob, size, crc, extents, contentType: '', metadata: {}, modifiedMs: 0 };
  await put(rig.kv, fileKey(path), encodeFileRecord({ ...content, request: '' }));
  await put(rig.kv, backReferenceKey(blob, path), Buffer.alloc(0));
}

const strangers = ({ members }: VolumeRecord): NodeId[] =>
  rig.cluster.nodes.map(({ id }) => id).filter((id) => !members.includes(id));
const outsider = (record: VolumeRecord) => strangers(record)[0] as NodeId;

for (const [what, size] of [
  ['copies', 5000],
  ['shards', 3_300_000],
] as const) {
  test(`${what} of a dead member are made anew on the one that follows it`, async () => {
    const { volumes, readAll } = await written([size, size + 1, size + 77]);
    for (const record of volumes) {
      const gone = record.members[0] as NodeId;
      const next = outsider(record);
      const before = [...rig.cluster.node(gone).shards]
        .filter(([key]) => key.startsWith(record.id))
        .map(([key, bytes]) => [key, Buffer.from(bytes)] as const);
      assert.ok(before.length > 0);
      rig.cluster.set(gone, 'gone');
      await rig.setVolume(replaceMember(record, 0, next));
      let whole = 0;
      const onWhole = () => {
        whole += 1;
      };
      await untilIdle(rig.fillSlots(next, onWhole));
      const now = await rig.volumeNow(record.id);
      assert.deepEqual([now?.record.rebuilding, whole], [[], 1]);
      for (const [key, bytes] of before) {
        assert.ok(rig.cluster.node(next).shards.get(key)?.equals(bytes), key);
      }
      rig.cluster.set(gone, 'up');
    }
    await readAll();
  });
}

for (const [what, size] of [
  ['a copy', 5000],
  ['shards', 3_300_000],
] as const) {
  test(`${what} that only a former member has is taken from there`, async () => {
    const { volumes, readAll } = await written([size]);
    for (const record of volumes) {
      const { members, code } = record;
      const former = members[0] as NodeId;
      const next = outsider(record);
      for (const id of members.slice(code.k)) rig.cluster.node(id).answers = 'rotten';
      await rig.setVolume(replaceMember(record, 0, next));
      await untilIdle(rig.fillSlots(next));
      assert.deepEqual((await rig.volumeNow(record.id))?.record.rebuilding, []);
      rig.cluster.set(former, 'gone');
    }
    await readAll();
  });
}

test('where no member holds everything, names say what there is', async () => {
  const { volumes, blobs, readAll } = await written([5000]);
  const [record] = volumes as [VolumeRecord];
  const former = record.members[0] as NodeId;
  const next = outsider(record);
  for (const id of record.members.slice(1)) rig.cluster.node(id).shards.clear();
  await named('/a', blobs[0] as WrittenBlob);
  const replaced = replaceMember(record, 0, next);
  await rig.setVolume({ ...replaced, rebuilding: [...record.members.keys()] });
  rig.cluster.set(former, 'gone');
  const clock = { now: () => nowMs };
  let nowMs = 0;
  const duty = rig.fillSlots(next, undefined, clock);
  for (; nowMs < 2 * beyondPatienceMs; nowMs += 20_000) await untilIdle(duty);
  assert.equal((await rig.volumeNow(record.id))?.record.rebuilding.length, 3, 'it may come back');
  rig.cluster.set(former, 'up');
  for (const id of [next, ...record.members.slice(1)]) await untilIdle(rig.fillSlots(id));
  assert.deepEqual((await rig.volumeNow(record.id))?.record.rebuilding, []);
  rig.cluster.set(former, 'gone');
  await readAll();
});

for (const [what, size] of [
  ['a copy', 5000],
  ['shards', 3_300_000],
] as const) {
  test(`${what} of a volume whose whole members are gone come from former ones`, async () => {
    const { volumes, blobs, readAll } = await written([size]);
    const [record] = volumes as [VolumeRecord];
    await named('/a', blobs[0] as WrittenBlob);
    const { members, code } = record;
    const [next] = strangers(record);
    const replaced = replaceMember(record, 0, next as NodeId);
    // Of the others, one fewer than it takes.
    const gone = members.slice(code.k);
    await rig.setVolume({ ...replaced, rebuilding: [0, ...members.keys().drop(code.k + 1)] });
    for (const id of gone) rig.cluster.set(id, 'gone');
    await readAll();
    await untilIdle(rig.fillSlots(next as NodeId));
    assert.ok(!(await rig.volumeNow(record.id))?.record.rebuilding.includes(0));
    rig.cluster.set(members[0] as NodeId, 'gone');
    await readAll();
  });
}

for (const how of ['whose place is taken', 'that was put out']) {
  test(`a node ${how} and gives no answer may have what others lack`, async () => {
    const { volumes } = await written([5000]);
    const [record] = volumes as [VolumeRecord];
    const [silent, ...others] = record.members as [NodeId, ...NodeId[]];
    const next = outsider(record);
    const moving = { ...record, incoming: [{ slot: 0, node: next }] };
    await rig.setVolume(how === 'that was put out' ? replaceMember(record, 0, next) : moving);
    for (const id of others) rig.cluster.node(id).answers = 'rotten';
    const { read } = rig.cluster.calls;
    const calls = Object.assign(rig.cluster.calls, {
      read: async (...args: Parameters<typeof read>) => {
        if (args[0] === silent) throw new DftfsError('overloaded', 'Too much to do.');
        return await read(...args);
      },
    });
    const clock = { now: () => nowMs };
    let nowMs = 0;
    const duty = rig.fillSlots(next, undefined, clock);
    for (; nowMs < 2 * beyondPatienceMs; nowMs += 30_000) await untilIdle(duty);
    const now = (await rig.volumeNow(record.id))?.record;
    assert.ok(now?.rebuilding.includes(0) || now?.members[0] === silent);
    calls.read = read;
    await untilIdle(duty);
    assert.ok(rig.cluster.node(next).shards.size > 0);
  });
}

test('names as they were before the volume’s record prove nothing', async () => {
  const { volumes } = await written([5000]);
  const [record] = volumes as [VolumeRecord];
  await rig.setVolume({ ...record, rebuilding: [...record.members.keys()] });
  const range = rig.kv.range.bind(rig.kv);
  rig.kv.range = async (...args) => ({ ...(await range(...args)), revision: 1 });
  const duty = rig.fillSlots(record.members[0] as NodeId);
  await assert.rejects(untilIdle(duty), /answers with what was/);
  assert.equal((await rig.volumeNow(record.id))?.record.rebuilding.length, 3);
  rig.kv.range = range;
  // Set aside, until all others have had their turn.
  for (let rounds = 0; rounds < 2; rounds++) await untilIdle(duty);
  assert.equal((await rig.volumeNow(record.id))?.record.rebuilding.length, 2);
});

test('what has a name and is nowhere keeps a slot from being called whole', async () => {
  const { volumes, blobs } = await written([5000]);
  const [record] = volumes as [VolumeRecord];
  await named('/lost', blobs[0] as WrittenBlob);
  for (const id of record.members) rig.cluster.node(id).shards.clear();
  await rig.setVolume({ ...record, rebuilding: [...record.members.keys()] });
  const clock = { now: () => nowMs };
  let nowMs = 0;
  const duty = rig.fillSlots(record.members[0] as NodeId, undefined, clock);
  for (; nowMs < 2 * beyondPatienceMs; nowMs += 20_000) await untilIdle(duty);
  assert.equal((await rig.volumeNow(record.id))?.record.rebuilding.length, 3);
  assert.equal(duty.progress().shardsBeyondRepair, 1);
  await drop(rig.kv, fileKey('/lost'));
  await drop(rig.kv, backReferenceKey((blobs[0] as WrittenBlob).blob, '/lost'));
  for (const id of record.members) await untilIdle(rig.fillSlots(id));
  assert.deepEqual((await rig.volumeNow(record.id))?.record.rebuilding, []);
});

test('filling is patient as long as one more may be lost', async () => {
  const { volumes } = await written([5000, 5001]);
  const [record] = volumes as [VolumeRecord];
  const next = outsider(record);
  await rig.setVolume(replaceMember(record, 0, next));
  const duty = rig.fillSlots(next);
  assert.equal(duty.isPatient, false, 'it does nothing yet');
  assert.equal(await duty.step(signal), 'busy');
  assert.equal(duty.isPatient, true);
  rig.cluster.set(record.members[1] as NodeId, 'gone');
  assert.equal(duty.isPatient, false);
});

test('a node that is to follow a living member takes its place when it has everything', async () => {
  const { volumes, readAll } = await written([2_000_000]);
  const [record] = volumes as [VolumeRecord];
  const next = outsider(record);
  const old = record.members[2] as NodeId;
  await rig.setVolume({ ...record, incoming: [{ slot: 2, node: next }] });
  await untilIdle(rig.fillSlots(next));
  const now = (await rig.volumeNow(record.id))?.record;
  assert.equal(now?.members[2], next);
  assert.deepEqual([now?.incoming, now?.rebuilding], [[], []]);
  assert.equal(now?.epoch, record.epoch + 1);
  rig.cluster.set(old, 'gone');
  await readAll();
});

test('nobody takes the place of the only one that is whole', async () => {
  const { volumes, readAll } = await written([100]);
  const [record] = volumes as [VolumeRecord];
  const next = outsider(record);
  const filling = [1, 2];
  await rig.setVolume({ ...record, rebuilding: filling, incoming: [{ slot: 0, node: next }] });
  await untilIdle(rig.fillSlots(next));
  const now = (await rig.volumeNow(record.id))?.record;
  assert.deepEqual([now?.members, now?.rebuilding], [record.members, filling]);
  for (const slot of filling) await untilIdle(rig.fillSlots(record.members[slot] as NodeId));
  await untilIdle(rig.fillSlots(next));
  const then = (await rig.volumeNow(record.id))?.record;
  assert.deepEqual([then?.members[0], then?.rebuilding, then?.incoming], [next, [], []]);
  await readAll();
});

test('one more copy, one copy less: nothing else moves', async () => {
  const { volumes, readAll } = await written([100, 200]);
  for (const record of volumes) {
    const fewer = await rig.setVolume(dropCopy(record, 0));
    await readAll();
    const next = outsider(record);
    await rig.setVolume(growCopies(fewer.record, next));
    await untilIdle(rig.fillSlots(next));
    const now = (await rig.volumeNow(record.id))?.record;
    assert.deepEqual(now?.members, [...record.members.slice(1), next]);
    assert.deepEqual(now?.rebuilding, []);
  }
  await readAll();
});

test('while a source can’t be reached the slot isn’t called whole', async () => {
  const { volumes } = await written([3_000_000]);
  const [record] = volumes as [VolumeRecord];
  const next = outsider(record);
  await rig.setVolume(replaceMember(record, 0, next));
  const silent = record.members.slice(1, 1 + record.code.m) as NodeId[];
  for (const id of silent) rig.cluster.node(id).state = 'stopped';
  rig.cluster.node(record.members.at(-1) as NodeId).state = 'stopped';
  rig.cluster.map.believes = () => true;
  const duty = rig.fillSlots(next);
  await assert.rejects(untilIdle(duty), { code: 'deadline_exceeded' });
  assert.deepEqual((await rig.volumeNow(record.id))?.record.rebuilding, [0]);
  for (const { id } of rig.cluster.nodes) rig.cluster.node(id).state = 'up';
  rig.cluster.map.suspects.clear();
  await untilIdle(duty);
  await untilIdle(duty);
  assert.deepEqual((await rig.volumeNow(record.id))?.record.rebuilding, []);
});

test('what turned over on the way is not taken for lost: the slot isn’t called whole', async () => {
  const { volumes, readAll } = await written([100]);
  const [record] = volumes as [VolumeRecord];
  const next = outsider(record);
  await rig.setVolume(replaceMember(record, 0, next));
  for (const { id } of rig.cluster.nodes) rig.cluster.node(id).answers = 'garbled';
  const duty = rig.fillSlots(next);
  await untilIdle(duty);
  assert.deepEqual((await rig.volumeNow(record.id))?.record.rebuilding, [0]);
  for (const { id } of rig.cluster.nodes) rig.cluster.node(id).answers = 'sound';
  await untilIdle(duty);
  assert.deepEqual((await rig.volumeNow(record.id))?.record.rebuilding, []);
  await readAll();
});

test('what no disk gives is tried for a while before the slot is called whole without it', async () => {
  for (const isGivenAgain of [true, false]) {
    const { volumes } = await written([100, 100]);
    const [record] = volumes as [VolumeRecord];
    const next = outsider(record);
    await rig.setVolume(replaceMember(record, 0, next));
    for (const { id } of rig.cluster.nodes) rig.cluster.node(id).answers = 'rotten';
    const clock = { now: () => nowMs };
    let nowMs = 0;
    const duty = rig.fillSlots(next, undefined, clock);
    for (; nowMs < beyondPatienceMs; nowMs += 10_000) {
      await untilIdle(duty);
      assert.deepEqual((await rig.volumeNow(record.id))?.record.rebuilding, [0]);
    }
    for (const { id } of rig.cluster.nodes) {
      rig.cluster.node(id).answers = isGivenAgain ? 'sound' : 'rotten';
    }
    await untilIdle(duty);
    assert.deepEqual((await rig.volumeNow(record.id))?.record.rebuilding, []);
    assert.equal(duty.progress().shardsBeyondRepair > 0, !isGivenAgain);
    for (const { id } of rig.cluster.nodes) rig.cluster.node(id).answers = 'sound';
  }
});

test('killed at any step, another run goes on from what is there', async () => {
  const { volumes, readAll } = await written([9_000_000]);
  const [record] = volumes as [VolumeRecord];
  const next = outsider(record);
  await rig.setVolume(replaceMember(record, 1, next));
  let left = true;
  for (let steps = 1; left; steps++) {
    const duty = rig.fillSlots(next);
    for (let step = 0; step < steps && left; step++) left = (await duty.step(signal)) === 'busy';
    assert.ok(steps < stepsMax);
  }
  assert.deepEqual((await rig.volumeNow(record.id))?.record.rebuilding, []);
  rig.cluster.set(record.members[0] as NodeId, 'gone');
  await readAll();
});

test('a volume that changes meanwhile isn’t called whole by an old view', async () => {
  const { volumes } = await written([1_000_000]);
  const [record] = volumes as [VolumeRecord];
  const next = outsider(record);
  const first = await rig.setVolume(replaceMember(record, 0, next));
  const duty = rig.fillSlots(next);
  await duty.step(signal);
  const sealed = await rig.setVolume({ ...first.record, state: 'sealed' });
  for (let step = 0; step < 6; step++) await duty.step(signal);
  const between = await rig.volumeNow(record.id);
  assert.equal(between?.record.state, 'sealed');
  await untilIdle(duty);
  assert.deepEqual((await rig.volumeNow(record.id))?.record, {
    ...sealed.record,
    rebuilding: [],
  });
});

test('an upload whose volume got another member has it fetch the stripes', async () => {
  const content = noise(5_000_000);
  const blob = await rig.write(content);
  const now = new Map();
  for (const { record } of blob.volumes) {
    const next = outsider(record);
    now.set(record.id, await rig.setVolume(replaceMember(record, 0, next)));
  }
  const refilled = await rig.writer.refill(blob, now, { signal: new AbortController().signal });
  for (const { record } of refilled.volumes) {
    assert.ok(rig.cluster.node(record.members[0] as NodeId).shards.size > 0);
    rig.cluster.map.learnVolume({ record: { ...record, rebuilding: [] }, revision: 1e6 });
    for (const id of record.members.slice(1, 3)) rig.cluster.set(id as NodeId, 'gone');
  }
  assert.ok((await rig.read(refilled)).equals(content));
});
