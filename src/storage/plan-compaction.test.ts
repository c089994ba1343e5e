import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CompactionFacts, SegmentUse } from './plan-compaction.ts';
import { planCompaction } from './plan-compaction.ts';

const MiB = 1024 * 1024;
const use = (segment: number, mebibytes: number, live: number): SegmentUse => ({
  segment,
  bytes: mebibytes * MiB,
  liveBytes: live * MiB,
});

const plan = (facts: Partial<CompactionFacts>) =>
  planCompaction({
    sealed: [],
    tail: use(99, 0, 0),
    roomBytes: 1000 * MiB,
    isTight: false,
    isSettled: false,
    ...facts,
  });

test('a segment without anything live goes first, even without any room', () => {
  const sealed = [use(1, 100, 10), use(2, 100, 0)];
  assert.deepEqual(plan({ sealed, roomBytes: -1 }), { kind: 'compact', segment: 2 });
});

test('the least to copy goes first, and what is not worth it stays', () => {
  const full = use(9, 10_000, 10_000);
  const sealed = [use(1, 100, 45), use(2, 60, 30), use(3, 100, 60), full];
  assert.deepEqual(plan({ sealed }), { kind: 'compact', segment: 2 });
  assert.deepEqual(plan({ sealed: [use(3, 100, 60), full] }), { kind: 'nothing' });
});

test('when much of the store is dead, less of a segment is enough', () => {
  assert.deepEqual(plan({ sealed: [use(3, 100, 60)] }), { kind: 'compact', segment: 3 });
  assert.deepEqual(plan({ sealed: [use(3, 100, 80)] }), { kind: 'nothing' });
});

test('without room almost anything is worth it, but not next to nothing', () => {
  const sealed = [use(1, 100, 99), use(2, 100, 90)];
  assert.deepEqual(plan({ sealed, isTight: true }), { kind: 'compact', segment: 2 });
  assert.deepEqual(plan({ sealed: [use(1, 100, 99)], isTight: true }), { kind: 'nothing' });
});

test('once nobody deletes any more, a tenth of the whole doesn’t stay dead', () => {
  const sealed = [use(1, 100, 80), use(2, 100, 99), use(3, 100, 92)];
  assert.deepEqual(plan({ sealed }), { kind: 'nothing' });
  assert.deepEqual(plan({ sealed, isSettled: true }), { kind: 'compact', segment: 1 });
  const tidy = [use(1, 100, 90), use(2, 100, 99)];
  assert.deepEqual(plan({ sealed: tidy, isSettled: true }), { kind: 'nothing' });
  const tail = use(5, 10, 8);
  assert.deepEqual(plan({ tail }), { kind: 'nothing' });
  assert.deepEqual(plan({ tail, isSettled: true }), { kind: 'seal' });
});

test('what finds no room is not begun', () => {
  const sealed = [use(1, 100, 40), use(2, 100, 30)];
  assert.deepEqual(plan({ sealed, roomBytes: 29 * MiB }), { kind: 'no_room' });
  assert.deepEqual(plan({ sealed, roomBytes: 30 * MiB }), { kind: 'compact', segment: 2 });
});

test('a last segment that is mostly dead is ended, unless it is small', () => {
  assert.deepEqual(plan({ tail: use(5, 2, 0.5) }), { kind: 'seal' });
  assert.deepEqual(plan({ tail: use(5, 0.9, 0) }), { kind: 'nothing' });
  assert.deepEqual(plan({ tail: use(5, 2, 1.8), isTight: true }), { kind: 'nothing' });
});
