import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Act, acts, isWithinPromise } from './acts.ts';

const allowed = (victims: Act['victims'], nodesAlive: number, etcdAlive: number): boolean =>
  isWithinPromise({ victims }, { all: 6, alive: nodesAlive }, { all: 5, alive: etcdAlive });

test('nodes go down to three, etcd to its majority', () => {
  assert.ok(allowed(['node'], 4, 3));
  assert.ok(!allowed(['node'], 3, 5));
  assert.ok(allowed(['node', 'node'], 5, 5));
  assert.ok(!allowed(['node', 'node'], 4, 5));
  assert.ok(allowed(['leader'], 3, 4));
  assert.ok(!allowed(['follower'], 6, 3));
  assert.ok(!allowed(['node', 'leader'], 6, 3));
});

test('every kind of harm is played, and at most two processes at once', () => {
  const victims = new Set(acts.flatMap(({ victims }) => victims));
  assert.deepEqual([...victims].sort(), ['follower', 'leader', 'node']);
  assert.ok(acts.some(({ signal }) => signal === 'SIGSTOP'));
  assert.ok(acts.every(({ victims }) => victims.length <= 2));
});
