import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCode } from '#base/errors.ts';
import { nodeId } from '#base/ids.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { silentLogger } from '#observe/log.ts';
import { eraKey, livenessKey } from '#protocol/keys.ts';
import { ManualTime } from '../../test/support/manual-time.ts';
import { put } from '../../test/support/names-fixture.ts';
import { NodeSession } from './session.ts';

const record = {
  id: nodeId('n1'),
  host: '127.0.0.1',
  port: 1,
  httpPort: 2,
  zone: 'local',
  capacityBytes: 0,
  incarnation: 'i1',
  diskId: 'd1',
  generation: 1,
};

test('a node registers in the era of the names and in no other', async (t) => {
  for (const [ofNames, ofNode] of [
    [0, 0],
    [2, 2],
    [0, 1],
    [1, 0],
    [2, 1],
  ] as const) {
    const time = new ManualTime();
    const kv = new MemoryKv(time, { era: ofNode });
    t.after(() => kv.close());
    if (ofNames > 0) await put(kv, eraKey(ofNames), Buffer.alloc(0));
    const deps = { kv, timers: time.timers, log: silentLogger, probe: async () => undefined };
    const session = new NodeSession(deps, {
      ...{ record, diskIsNew: false, leaseTtlMs: 3000, era: ofNode },
    });
    t.after(() => session.close());
    if (ofNames === ofNode) {
      await session.start();
      const registered = await kv.get(livenessKey(record.id), { timeoutMs: 1000 });
      assert.equal(registered?.createRevision, session.revision);
    } else {
      await assert.rejects(session.start(), (error) => isCode(error, 'peer_refused'));
      assert.equal(session.revision, undefined);
    }
  }
});
