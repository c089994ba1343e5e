import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCode } from '#base/errors.ts';
import { type NodeId, nodeId, type VolumeId } from '#base/ids.ts';
import {
  decodeVolume,
  encodeVolume,
  marginOf,
  readableSlots,
  type VolumeRecord,
} from './volumes.ts';

const record: VolumeRecord = {
  id: '00112233445566ff' as VolumeId,
  code: { k: 2, m: 1 },
  members: ['n1', 'n2', 'n3'].map(nodeId),
  epoch: 7,
  state: 'open',
  rebuilding: [1],
  incoming: [{ slot: 2, node: nodeId('n4') }],
};

test('a volume record comes back as it was', () => {
  assert.deepEqual(decodeVolume(encodeVolume(record)), record);
});

test('a slot counts when its member lives and holds everything', () => {
  const live = new Set(['n1', 'n2'].map(nodeId));
  const isLive = (node: NodeId) => live.has(node);
  assert.deepEqual(readableSlots(record, isLive), [0]);
  assert.equal(marginOf(record, isLive), -1);
  assert.equal(marginOf({ ...record, rebuilding: [] }, isLive), 0);
  assert.equal(
    marginOf({ ...record, rebuilding: [] }, () => true),
    1,
  );
});

test('what is not a whole and consistent record is refused', () => {
  const plain = JSON.parse(encodeVolume(record).toString());
  const damaged = [
    '',
    '[]',
    'null',
    '{"id":',
    ...[
      { id: 'x' },
      { k: 0 },
      { k: 1.5 },
      { m: -1 },
      { k: 3 },
      { members: ['n1', 'n2', 'n2'] },
      { members: ['n1', 'n2', '../x'] },
      { members: 'n1' },
      { epoch: '7' },
      { state: 'lost' },
      { rebuilding: [3] },
      { rebuilding: [1, 1] },
      { rebuilding: undefined },
      { incoming: undefined },
      { incoming: [[3, 'n4']] },
      { incoming: [[0, '../x']] },
      {
        incoming: [
          [0, 'n4'],
          [0, 'n5'],
        ],
      },
    ].map((change) => JSON.stringify({ ...plain, ...change })),
  ];
  for (const text of damaged) {
    assert.throws(
      () => decodeVolume(Buffer.from(text)),
      (error) => isCode(error, 'data_damaged'),
      text,
    );
  }
});
