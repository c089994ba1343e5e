import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { type Commit, namesFixture, ways } from '../../../test/support/names-fixture.ts';
import type { Committer } from '../committer.ts';

/** Learns of each write that an earlier try was applied, and gets no answer from then on. */
const earlierAndThenSilent: Commit = (kv, time) => {
  const committer = ways.direct(kv, time);
  let isSilent = false;
  return {
    read: async (...args: Parameters<Committer['read']>) => {
      if (isSilent) throw new DftfsError('names_unavailable', 'planted');
      return await committer.read(...args);
    },
    write: async (...args: Parameters<Committer['write']>) => {
      await committer.write(...args);
      isSilent = true;
      return { earlier: true } as const;
    },
  };
};

test('a transfer that is known to be done is a success, whatever comes then', async () => {
  for (const verb of ['copy', 'move'] as const) {
    const time = { now: () => 0, wall: () => 0 };
    const timers = { after: () => assert.fail(), sleep: () => assert.fail() };
    const kv = new MemoryKv({ clock: time, timers });
    const { namespace, other, newFile } = await namesFixture(kv, undefined, earlierAndThenSilent);
    await other.create('/a', newFile());
    const entry = await namespace[verb]('/a', '/b');
    assert.deepEqual([entry.path, entry.revision], ['/b', 0]);
    assert.equal((await other.lookup('/b'))?.record.blob, entry.record.blob);
  }
});
