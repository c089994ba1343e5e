import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCode } from '#base/errors.ts';
import { type BlobId, nodeId, type VolumeId } from '#base/ids.ts';
import { extentsMax } from '#base/limits.ts';
import {
  decodeFileRecord,
  decodeGarbage,
  encodeFileRecord,
  encodeGarbage,
  recordBytesMax,
} from './record-codec.ts';
import type { FileRecord } from './records.ts';

const volume = 'aaaaaaaaaaaaaaaa' as VolumeId;
const record: FileRecord = {
  size: 3_000_000,
  contentType: 'text/plain; charset=utf-8',
  metadata: JSON.parse('{"__proto__":"x","naïve":"\\u{22}"}'.replace('\\u{22}', '\\u0022')),
  modifiedMs: 1_700_000_000_000,
  blob: '0'.repeat(32) as BlobId,
  crc: 0xffffffff,
  extents: [
    { volume, first: 0, count: 2 },
    { volume, first: 2, count: 1 },
  ],
  request: 'put:"key"',
};

test('a file record comes back as it was', () => {
  assert.deepEqual(decodeFileRecord(encodeFileRecord(record), '/a'), record);
  const empty = { ...record, size: 0, extents: [], metadata: {} };
  assert.deepEqual(decodeFileRecord(encodeFileRecord(empty), '/a'), empty);
  const moved = { ...record, content: '1'.repeat(32) as BlobId };
  assert.deepEqual(decodeFileRecord(encodeFileRecord(moved), '/a'), moved);
});

test('stripes that were sent anew under later numbers leave gaps', () => {
  const extents = [
    { volume, first: 1, count: 2 },
    { volume, first: 7, count: 1 },
  ];
  const switched = { ...record, extents };
  assert.deepEqual(decodeFileRecord(encodeFileRecord(switched), '/a'), switched);
  assert.deepEqual(decodeGarbage(encodeGarbage(switched)).extents, extents);
});

test('a record of garbage comes back as it was', () => {
  const { size, extents } = record;
  assert.deepEqual(decodeGarbage(encodeGarbage(record)), { size, extents });
  const moved = { size, extents, awaited: [nodeId('n1')], isMoved: true };
  assert.deepEqual(decodeGarbage(encodeGarbage(moved)), moved);
});

test('the most extents and the most metadata fit; more is refused, not cut', () => {
  const extents = Array.from({ length: extentsMax }, (_, i) => ({
    volume,
    first: i * 1_000_000,
    count: 1_000_000,
  }));
  const large = { ...record, extents, metadata: { a: '"'.repeat(4090) } };
  assert.deepEqual(decodeFileRecord(encodeFileRecord(large), '/a'), large);
  const tooLarge = { ...large, contentType: 'x'.repeat(recordBytesMax) };
  assert.throws(
    () => encodeFileRecord(tooLarge),
    (error) => isCode(error, 'too_large'),
  );
});

test('what is not a whole record is refused, and the error names the path', () => {
  const plain = JSON.parse(encodeFileRecord(record).toString());
  const damaged = [
    '',
    'null',
    '[]',
    '{',
    ...[
      { size: -1 },
      { size: 1.5 },
      { size: '3' },
      { contentType: undefined },
      { metadata: { a: 1 } },
      { metadata: [] },
      { modifiedMs: null },
      { blob: 'x' },
      { content: 'x' },
      { content: null },
      { crc: 2 ** 32 },
      { extents: undefined },
      { extents: [[volume, -1, 1]] },
      { extents: [[volume, '0', 1]] },
      { extents: [[volume, 0, 0]] },
      {
        extents: [
          [volume, 1, 2],
          [volume, 2, 1],
        ],
      },
      { extents: [['../x', 0, 1]] },
      { extents: [[volume, 0]] },
      { extents: Array(extentsMax + 1).fill([volume, 0, 1]) },
      { request: 7 },
      { filler: 'x'.repeat(recordBytesMax) },
    ].map((change) => JSON.stringify({ ...plain, ...change })),
  ];
  for (const text of damaged) {
    assert.throws(
      () => decodeFileRecord(Buffer.from(text), '/a/b'),
      (error) => isCode(error, 'data_damaged') && error.path === '/a/b',
      text.slice(0, 200),
    );
  }
  assert.throws(
    () => decodeGarbage(Buffer.from('{"size":1}')),
    (error) => isCode(error, 'data_damaged'),
  );
});
