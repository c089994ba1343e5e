import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BlobId, VolumeId } from '#base/ids.ts';
import { PendingChanges } from './pending-changes.ts';
import { shardKeyText } from './shard-key.ts';

const digit = fc.constantFrom('0', '1');
const shard = fc.record({
  volume: digit.map((one) => `${'a'.repeat(15)}${one}` as VolumeId),
  blob: digit.map((one) => `${'b'.repeat(31)}${one}` as BlobId),
  stripe: fc.nat(3),
  slot: fc.nat(2),
});

test('what begins so is found, whatever the beginning is and however often it changed', () => {
  fc.assert(
    fc.property(fc.array(shard), shard, fc.nat(58), (changed, asked, length) => {
      const pending = new PendingChanges();
      const keys = changed.map(shardKeyText);
      for (const [segment, key] of keys.entries()) {
        pending.set(key, segment % 3 === 0 ? undefined : { segment, offset: 0, length: 1 });
      }
      const prefix = shardKeyText(asked).slice(0, length);
      const expected = new Set(keys.filter((key) => key.startsWith(prefix)));
      assert.deepEqual(pending.keysWithin(prefix).sort(), [...expected].sort());
      for (const key of keys) {
        const last = keys.lastIndexOf(key);
        assert.equal(pending.byKey.get(key)?.segment, last % 3 === 0 ? undefined : last);
      }
    }),
  );
});
