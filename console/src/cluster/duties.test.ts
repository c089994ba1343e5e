import assert from 'node:assert/strict';
import { test } from 'node:test';
import { someDisk, someNode } from '../../../test/support/cluster-status.ts';
import { repairsOf, scrubOf } from './duties.ts';

test('what duties say is summed up', () => {
  const duties = {
    'repair: slots': { bytesDone: 10, shardsBeyondRepair: 1 },
    'repair: shards': { shardsBeyondRepair: 2 },
  };
  const nodes = [someNode('n1', { duties }), someNode('n2', { duties }), someNode('n3')];
  assert.deepEqual(repairsOf(nodes), { bytesDone: 20, shardsBeyondRepair: 6 });
});

test('a scrub is as far as what it has read of what is there', () => {
  const lastRound = { damaged: 2, ageMs: 60_000 };
  const duties = { scrub: { bytes: 25, damaged: 1, lastRound } };
  const found = scrubOf(someNode('n1', { duties, disk: someDisk({ liveBytes: 100 }) }));
  assert.deepEqual(found, { part: 0.25, isResting: false, damaged: 3, endedAgoSeconds: 60 });
  const resting = { scrub: { bytes: 0, damaged: 0, lastRound } };
  assert.equal(scrubOf(someNode('n1', { duties: resting }))?.part, 1);
  assert.equal(scrubOf(someNode('n1', { duties: { scrub: 'x' as never } })), undefined);
});
