import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterStatus } from '#client/cluster-status.ts';
import { eventsBetween } from './events.ts';
import { sampleNode, sampleStatus } from './sample-status.ts';

const told = (before: ClusterStatus, now: ClusterStatus): string[] =>
  eventsBetween(before, now).map(({ severity, text }) => `${severity}: ${text}`);

const well = sampleStatus();
const nodesWith = (id: string, change: Parameters<typeof sampleNode>[1]) =>
  sampleStatus({
    nodes: well.nodes.map((node) => (node.id === id ? sampleNode(id, change) : node)),
  });

test('the first look tells how things are, and the same again nothing', () => {
  assert.deepEqual(
    eventsBetween(undefined, well).map(({ text }) => text),
    ['Watching: 3 of 3 nodes alive.'],
  );
  assert.deepEqual(told(well, well), []);
});

test('nodes die, return, join, go, and are emptied', () => {
  const dead = nodesWith('n2', { live: false, suspected: 'connection reset' });
  assert.deepEqual(told(well, dead), ['bad: n2 is gone: connection reset.']);
  assert.deepEqual(told(dead, well), ['good: n2 is back.']);
  const fewer = sampleStatus({ nodes: well.nodes.slice(1) });
  assert.deepEqual(told(fewer, well), ['good: n1 has joined.']);
  assert.deepEqual(told(well, fewer), ['plain: n1 was removed.']);
  const draining = nodesWith('n3', { draining: true });
  assert.deepEqual(told(well, draining), ['plain: n3 is to be emptied.']);
  assert.deepEqual(told(draining, nodesWith('n3', { draining: true, slots: 0 })), [
    'good: n3 is empty: it can be stopped.',
  ]);
});

test('what protects files is told when it changes, worst first', () => {
  const { protection } = well;
  const hurt = sampleStatus({
    protection: {
      ...protection,
      withoutMargin: { volumes: 1, bytes: 1024 },
      underProtected: { volumes: 2, bytes: 2048 },
      rebuilding: { slots: 2, bytesLeft: 512 },
    },
  });
  assert.deepEqual(told(well, hurt), [
    'bad: 1 volume (1.00 KiB) survive no further loss.',
    'bad: 2 volumes (2.00 KiB) survive fewer losses than they should.',
    'plain: Repair has begun: 2 slots, 512 B.',
  ]);
  assert.equal(told(hurt, well).at(-1), 'good: Repair is done.');
});

test('etcd’s members and their leader are told of', () => {
  const [first, ...others] = well.names.members;
  assert.ok(first);
  const members = [
    { ...first, healthy: false, leader: false },
    ...others.map((member, index) => ({ ...member, leader: index === 0 })),
  ];
  assert.deepEqual(told(well, sampleStatus({ names: { ...well.names, members } })), [
    'bad: The etcd member at http://127.0.0.1:1 gives no answer.',
    'plain: The etcd member at http://127.0.0.1:2 leads now.',
  ]);
});
