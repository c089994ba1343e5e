import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlobId } from '#base/ids.ts';
import { BlobsUnderWay } from './blobs-under-way.ts';

const [first, second, third] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [
  BlobId,
  BlobId,
  BlobId,
];

test('a blob is open from its beginning until it is settled', () => {
  const underWay = new BlobsUnderWay();
  underWay.begin(first);
  assert.deepEqual([underWay.isOpen(first), underWay.isOpen(second)], [true, false]);
  underWay.settle(first);
  assert.equal(underWay.isOpen(first), false);
});

test('with more than can be known, nothing is settled', () => {
  const underWay = new BlobsUnderWay(1);
  underWay.begin(first);
  underWay.begin(second);
  for (const blob of [first, second, third]) assert.equal(underWay.isOpen(blob), true);
  underWay.settle(first);
  assert.equal(underWay.isOpen(first), true);
});
