import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeId, type VolumeId } from '#base/ids.ts';
import type { VolumeRecord } from '#protocol/volumes.ts';
import { knownFacts, volumeOf } from '../../../test/support/known-facts.ts';
import { describeProtection } from './protection.ts';

const ids = (...names: string[]) => names.map(nodeId);
const none = { volumes: 0, bytes: 0 };
const a = '00000000000000aa' as VolumeId;
const b = '00000000000000bb' as VolumeId;

const facts = new Map([
  [nodeId('n1'), knownFacts({ volumes: [[a, 100]] })],
  [
    nodeId('n2'),
    knownFacts({
      volumes: [
        [a, 100],
        [b, 30],
      ],
    }),
  ],
  [nodeId('n5'), knownFacts({ volumes: [[a, 40]] })],
]);
const wide = (change: Partial<VolumeRecord> = {}) =>
  volumeOf(a, { k: 2, m: 2 }, ['n1', 'n2', 'n3', 'n4'], change);
const copies = volumeOf(b, { k: 1, m: 2 }, ['n2', 'n3', 'n4']);

test('whole volumes are safe', () => {
  const live = ids('n1', 'n2', 'n3', 'n4', 'n5');
  const found = describeProtection({ volumes: [wide(), copies], live, facts });
  assert.equal(found.wantedMargin, 2);
  assert.deepEqual(found.all, { volumes: 2, bytes: 230 });
  assert.deepEqual(found.underProtected, none);
  assert.deepEqual(found.rebuilding, { slots: 0, bytesLeft: 0 });
});

test('losses show by what is left, content counted once', () => {
  const live = ids('n1', 'n2', 'n4', 'n5', 'n6');
  const record = wide({ members: ids('n1', 'n2', 'n3', 'n5'), rebuilding: [3] });
  const found = describeProtection({ volumes: [record, copies], live, facts });
  assert.deepEqual(found.underProtected, { volumes: 2, bytes: 230 });
  assert.deepEqual(found.withoutMargin, { volumes: 1, bytes: 200 });
  assert.deepEqual(found.unreadable, none);
  assert.deepEqual(found.rebuilding, { slots: 1, bytesLeft: 60 });
  assert.deepEqual(found.moving, { slots: 0, bytesLeft: 0 });
});

test('a move takes no margin', () => {
  const live = ids('n1', 'n2', 'n3', 'n4', 'n5');
  const moving = wide({ incoming: [{ slot: 2, node: nodeId('n5') }] });
  const found = describeProtection({ volumes: [moving], live, facts });
  assert.deepEqual(found.underProtected, none);
  assert.deepEqual(found.moving, { slots: 1, bytesLeft: 60 });
});

test('one node that is to be alone lacks nothing', () => {
  const single = volumeOf(b, { k: 1, m: 0 }, ['n2']);
  const view = { volumes: [single], live: ids('n2'), facts };
  const found = describeProtection({ ...view, copiesMin: 1 });
  assert.deepEqual([found.wantedMargin, found.underProtected], [0, none]);
  assert.deepEqual(found.withoutMargin, found.all);
  assert.equal(describeProtection(view).wantedMargin, 1);
});

test('with three nodes one loss is what can be promised', () => {
  const pair = volumeOf(b, { k: 1, m: 1 }, ['n2', 'n3']);
  const found = describeProtection({ volumes: [pair], live: ids('n1', 'n2', 'n3'), facts });
  assert.deepEqual([found.wantedMargin, found.underProtected], [1, none]);
  const later = describeProtection({ volumes: [pair], live: ids('n1', 'n2', 'n3', 'n4'), facts });
  assert.deepEqual(later.underProtected, { volumes: 1, bytes: 30 });
});
