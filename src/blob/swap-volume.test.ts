import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VolumeId } from '#base/ids.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { volumeKey } from '#protocol/keys.ts';
import { encodeVolume } from '#protocol/volumes.ts';
import { FakeCluster } from '../../test/support/fake-cluster.ts';
import { volumeOf } from '../../test/support/known-facts.ts';
import { drop, put } from '../../test/support/names-fixture.ts';
import { swapVolume } from './swap-volume.ts';

const id = '00000000000000aa' as VolumeId;
const key = volumeKey(id);

test('who comes too late learns what the volume is now', async (context) => {
  const { map } = new FakeCluster(3);
  const kv = new MemoryKv(createNodeWorld());
  context.after(() => kv.close());
  const { record } = volumeOf(id, { k: 1, m: 1 }, ['n0', 'n1']);
  const first = { record, revision: await put(kv, key, encodeVolume(record)) };
  const sealed = { ...record, state: 'sealed' } as const;
  assert.equal(await swapVolume({ kv, map }, first, sealed, {}), true);
  const known = map.volume(id);
  assert.deepEqual(known?.record, sealed);

  map.learnVolume(first);
  const closed = { ...record, state: 'closed' } as const;
  assert.equal(await swapVolume({ kv, map }, first, closed, {}), false);
  assert.deepEqual(map.volume(id), known);
  await put(kv, key, Buffer.from('what is this?'));
  assert.equal(await swapVolume({ kv, map }, first, closed, {}), false);
  await drop(kv, key);
  assert.equal(await swapVolume({ kv, map }, first, closed, {}), false);
  assert.deepEqual(map.volume(id), known);
});
