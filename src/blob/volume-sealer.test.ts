import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { nodeId, type VolumeId } from '#base/ids.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { silentLogger } from '#observe/log.ts';
import { volumeKey } from '#protocol/keys.ts';
import { decodeVolume, encodeVolume, type VolumeRecord } from '#protocol/volumes.ts';
import { ManualTime } from '../../test/support/manual-time.ts';
import { VolumeSealer } from './volume-sealer.ts';

const id = '00000000000000aa' as VolumeId;
const record: VolumeRecord = {
  id,
  code: { k: 1, m: 1 },
  members: [nodeId('a'), nodeId('b')],
  epoch: 1,
  state: 'open',
  rebuilding: [],
  incoming: [],
};
const options = { timeoutMs: 1000 };

describe('VolumeSealer', () => {
  let kv: MemoryKv;
  let known: KnownVolume;
  let learned: PromiseWithResolvers<KnownVolume>;
  let sealer: VolumeSealer;

  const put = (value: VolumeRecord) =>
    kv.txn(
      {
        compare: [],
        then: [{ kind: 'put', key: volumeKey(id), value: encodeVolume(value) }],
        else: [],
      },
      options,
    );
  const stored = async () =>
    decodeVolume((await kv.get(volumeKey(id), options))?.value ?? Buffer.alloc(0));

  beforeEach(async () => {
    kv = new MemoryKv(new ManualTime());
    known = { record, revision: (await put(record)).revision };
    learned = Promise.withResolvers();
    const map = {
      volume: () => known,
      learnVolume: (volume: KnownVolume) => {
        known = volume;
        learned.resolve(volume);
      },
    };
    sealer = new VolumeSealer({ kv, map, log: silentLogger }, { bytesMax: 100 });
  });

  it('leaves a volume open until it is full, then seals it for all', async () => {
    sealer.wrote(id, 99);
    assert.equal(kv.revision, known.revision);
    sealer.wrote(id, 1);
    sealer.wrote(id, 1);
    const { record: sealed, revision } = await learned.promise;
    assert.deepEqual(await stored(), { ...record, state: 'sealed' });
    assert.deepEqual([sealed.state, revision], ['sealed', kv.revision]);
  });

  it('asks once, and not again for a sealed volume', async () => {
    sealer.wrote(id, 100);
    await learned.promise;
    const { revision } = kv;
    sealer.wrote(id, 100);
    await new Promise(setImmediate);
    assert.equal(kv.revision, revision);
  });

  it('never undoes a change of members that it has not seen', async () => {
    const replaced = { ...record, members: [nodeId('a'), nodeId('c')], epoch: 2 };
    await put(replaced);
    sealer.wrote(id, 100);
    await new Promise(setImmediate);
    assert.deepEqual(await stored(), replaced);
  });
});
