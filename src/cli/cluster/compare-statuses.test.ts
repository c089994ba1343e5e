import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterStatus } from '#client/index.ts';
import {
  someDisk,
  someNode,
  soundNames,
  soundStatus,
} from '../../../test/support/cluster-status.ts';
import { eventsBetween, type Seen } from './compare-statuses.ts';

const texts = (before: Seen | undefined, now: Seen): string[] =>
  eventsBetween(before, now).map(({ severity, text }) => `${severity}: ${text}`);
const change = (changed: Partial<ClusterStatus>) => texts(soundStatus(), soundStatus(changed));
const back = (changed: Partial<ClusterStatus>) => texts(soundStatus(changed), soundStatus());
const { nodes, protection } = soundStatus();
const [first = someNode('node-1'), ...others] = nodes;

test('the first look says how things are; the same again says nothing', () => {
  const [said = ''] = texts(undefined, soundStatus());
  assert.match(said, /^good: node-1 answers: 6 of 6 nodes alive, 0 volumes/);
  assert.deepEqual(change({}), []);
});

test('endpoints fall silent and answer again', () => {
  const silence = new Error('refused');
  assert.deepEqual(texts(soundStatus(), silence), ['bad: no endpoint answers: refused']);
  assert.deepEqual(texts(silence, silence), []);
  assert.deepEqual(texts(silence, soundStatus()), ['good: node-1 answers']);
});

test('nodes die, return, join, go, drain, and have troubles', () => {
  const dead = { nodes: [{ ...first, live: false }, ...others] };
  assert.deepEqual(change(dead), ['bad: node-1 is dead']);
  assert.deepEqual(back(dead), ['good: node-1 is alive']);
  const fewer = { nodes: others };
  assert.deepEqual(change(fewer), ['plain: node-1 was removed']);
  assert.deepEqual(back(fewer), ['good: node-1 has joined']);
  const draining = { nodes: [{ ...first, draining: true }, ...others] };
  assert.deepEqual(change(draining), ['plain: node-1 is to be emptied']);
  assert.deepEqual(back(draining), ['plain: node-1 stays']);
  const still = { nodes: [{ ...first, draining: true }, ...others] };
  const emptied = { nodes: [{ ...first, draining: true, slots: 0 }, ...others] };
  assert.deepEqual(texts(soundStatus(still), soundStatus(emptied)), [
    'good: node-1 is empty and can be stopped',
  ]);
  const leading = { nodes: [{ ...first, coordinates: true }, ...others] };
  assert.deepEqual(change(leading), ['plain: node-1 coordinates upkeep']);
  const full = { nodes: [{ ...first, disk: someDisk({ full: true }) }, ...others] };
  assert.deepEqual(change(full), ['bad: node-1: disk full']);
  const { disk: _, ...silent } = first;
  assert.deepEqual(change({ nodes: [silent, ...others] }), []);
});

test('margins and repair', () => {
  const underProtected = { volumes: 3, bytes: 2048 };
  const rebuilding = { slots: 5, bytesLeft: 4096 };
  const worse = { protection: { ...protection, underProtected, rebuilding } };
  assert.deepEqual(change(worse), [
    'bad: 3 volumes (2.0 KiB) survive less than they should',
    'plain: repair begins: 5 slots, 4.0 KiB',
  ]);
  assert.deepEqual(back(worse), [
    'good: no volumes survive less than they should',
    'good: repair is done',
  ]);
});

test('etcd and the hold on garbage', () => {
  const { members, upkeep } = soundNames();
  const [leader, second, ...rest] = members.map((member) => ({ ...member, leader: false }));
  const elected = [{ ...leader, healthy: false }, { ...second, leader: true }, ...rest];
  const names = soundNames({ members: elected as typeof members });
  assert.deepEqual(change({ names }), [
    'bad: etcd at http://127.0.0.1:701 gives no answer',
    'plain: etcd at http://127.0.0.1:702 leads',
  ]);
  const alarmed = { names: soundNames({ upkeep: { ...upkeep, alarms: [{ alarm: 'nospace' }] } }) };
  assert.deepEqual(change(alarmed), ["bad: etcd's alarm: nospace"]);
  assert.deepEqual(back(alarmed), ["good: etcd's alarm is over"]);
  const held = { names: soundNames({ collectionHeld: true }) };
  assert.deepEqual(change(held), ['plain: nothing is thrown away until the restore is released']);
  assert.deepEqual(back(held), ['good: garbage is collected again']);
});
