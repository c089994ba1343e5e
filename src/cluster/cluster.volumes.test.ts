import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeId, type VolumeId } from '#base/ids.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { silentLogger } from '#observe/log.ts';
import { volumeKey } from '#protocol/keys.ts';
import { encodeVolume } from '#protocol/volumes.ts';
import { drop, put, volumeRecord } from '../../test/support/names-fixture.ts';
import { Cluster } from './cluster.ts';

const never = 3600_000;

test('a volume that was learned before the watch told of it stays, until it is removed', async (t) => {
  const world = createNodeWorld();
  const kv = new MemoryKv(world);
  const probe = async () => {};
  const deps = { ...world, kv, log: silentLogger, probe, dropCalls: () => {} };
  const options = { self: nodeId('n1'), relistMs: never, retryMs: 10 };
  const cluster = new Cluster(deps, { ...options, probeEveryMs: never, probeTimeoutMs: 10 });
  t.after(() => cluster.close());
  await cluster.start();
  const record = volumeRecord();
  const key = volumeKey(record.id);
  const until = async (isTrue: () => boolean) => {
    const signal = AbortSignal.timeout(5000);
    while (!isTrue()) {
      await world.timers.sleep(1);
      signal.throwIfAborted();
    }
  };

  const other = volumeRecord({ id: '00000000000000bb' as VolumeId });
  const learned = { record: other, revision: 1000 };
  cluster.learnVolume(learned);
  const revision = await put(kv, key, encodeVolume(record));
  await until(() => cluster.volume(record.id) !== undefined);
  assert.deepEqual(cluster.volumes(), [{ record, revision }, learned]);

  const sealed = volumeRecord({ state: 'sealed' });
  cluster.learnVolume({ record: sealed, revision: await put(kv, key, encodeVolume(sealed)) });
  await drop(kv, key);
  await until(() => cluster.volume(record.id) === undefined);
  assert.deepEqual(cluster.volumes(), [learned]);
});
