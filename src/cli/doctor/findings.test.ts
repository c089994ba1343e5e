import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterStatus } from '#client/index.ts';
import {
  someDisk,
  someNode,
  soundNames,
  soundStatus,
} from '../../../test/support/cluster-status.ts';
import { diagnose, type SeenEndpoint } from './findings.ts';

const answering: SeenEndpoint = {
  ...{ url: 'http://a', error: undefined, notReady: undefined, clockAheadMs: 400 },
};

const found = (cluster: ClusterStatus | undefined, ...endpoints: readonly SeenEndpoint[]) =>
  diagnose({ endpoints: [answering, ...endpoints], doors: [], cluster });
const told = (cluster: ClusterStatus | undefined, ...endpoints: readonly SeenEndpoint[]) =>
  found(cluster, ...endpoints).map(({ severity, what }) => `${severity}: ${what}`);

const only = (list: readonly string[], pattern: RegExp): void => {
  assert.equal(list.length, 1, list.join('\n'));
  assert.match(list[0] ?? '', pattern);
};

test('nothing is found where nothing is wrong', () => {
  assert.deepEqual(found(soundStatus()), []);
});

test('each finding says what to do', () => {
  const nodes = [
    someNode('node-1', { live: false }),
    someNode('node-2', { disk: undefined as never }),
  ];
  const all = found(soundStatus({ nodes }), { ...answering, error: 'refused' });
  assert.ok(all.length >= 2);
  for (const { advice } of all) assert.match(advice, /\w{3}.*[.:] ?|dftfs|start\.sh/);
});

test('endpoints', () => {
  only(
    told(soundStatus(), { ...answering, url: 'http://b', error: 'refused' }),
    /critical: http:\/\/b does not answer: refused/,
  );
  only(
    told(soundStatus(), { ...answering, notReady: 'not registered' }),
    /critical: .* not ready: not registered/,
  );
  only(told(undefined, { ...answering, error: 'refused' }), /critical/);
});

test('clocks, of endpoints and of the other nodes', () => {
  only(told(soundStatus(), { ...answering, clockAheadMs: -90_000 }), /note: .* 1:30 behind/);
  const doors = [{ ...answering, url: 'http://door', clockAheadMs: 7000 }];
  const seen = { endpoints: [answering], doors, cluster: soundStatus() };
  only(
    diagnose(seen).map(({ what }) => what),
    /http:\/\/door is 0:07 ahead/,
  );
});

test('nodes and their disks', () => {
  const withNode = (changed: Parameters<typeof someNode>[1]) =>
    told(soundStatus({ nodes: [someNode('node-7', changed)] }));
  only(withNode({ live: false }), /warning: node-7 .* is dead/);
  only(withNode({ live: false, suspected: 'refused' }), /dead \(refused\)/);
  only(withNode({ draining: true, slots: 0 }), /note: node-7 is empty and can be stopped/);
  only(withNode({ draining: true }), /being emptied: 4 slots/);
  only(withNode({ disk: someDisk({ full: true }) }), /critical: The disk of node-7 is full/);
  only(withNode({ disk: someDisk({ freeBytes: 1 }) }), /warning: .* nearly full/);
  only(withNode({ disk: someDisk({ fenced: 'EIO' }) }), /critical: node-7 writes nothing .*EIO/);
  only(withNode({ disk: someDisk({ damaged: 2 }) }), /warning: 2 shards on node-7 damaged/);
  only(withNode({ disk: someDisk({ slowestMs: 9000 }) }), /note: .* took 0:09/);
  only(withNode({ disk: someDisk({ standing: 'wiped' }) }), /note: node-7 .* wiped/);
  assert.deepEqual(withNode({ disk: someDisk({ standing: 'new' }) }), []);
});

test('margins', () => {
  const { protection } = soundStatus();
  const some = { volumes: 3, bytes: 1024 };
  const withProtection = (changed: Partial<typeof protection>) =>
    told(soundStatus({ protection: { ...protection, ...changed } }));
  only(withProtection({ underProtected: some }), /warning: 3 volumes .* fewer losses/);
  only(
    withProtection({ underProtected: some, withoutMargin: some }),
    /critical: .* no further loss/,
  );
  const dead = { underProtected: some, withoutMargin: some, unreadable: some };
  only(withProtection(dead), /critical: .* cannot be read/);
  const advice = (changed: Parameters<typeof soundStatus>[0]) =>
    found(soundStatus({ protection: { ...protection, ...dead }, ...changed }))
      .map((one) => one.advice)
      .join('\n');
  assert.match(advice({}), /No node is away/);
  const nodes = [someNode('a'), someNode('b', { live: false, slots: 0 })];
  assert.match(advice({ nodes }), /Remove none.*may hold what the others lack/s);
  only(withProtection({ wantedMargin: 0, withoutMargin: some }), /warning: .* not fault tolerant/);
  only(withProtection({ wantedMargin: 1 }), /warning: .* 1 loss at most/);
});

test('etcd', () => {
  const withNames = (changed: Parameters<typeof soundNames>[0]) =>
    told(soundStatus({ names: soundNames(changed) }));
  const silent = (count: number) =>
    soundNames().members.map((member, at) => ({ ...member, healthy: at >= count }));
  only(withNames({ members: silent(1) }), /warning: etcd members do not answer/);
  only(withNames({ members: silent(2) }), /critical: etcd members do not answer/);
  const { upkeep, members } = soundNames();
  only(
    withNames({ upkeep: { ...upkeep, alarms: [{ alarm: 'nospace' }] } }),
    /critical: .* nospace/,
  );
  only(withNames({ upkeep: { ...upkeep, quotaBytes: 550 } }), /warning: The names take 500 B of/);
  const versions = (version: string) =>
    withNames({ members: members.map((one) => ({ ...one, version })) });
  for (const old of ['3.4.23', '3.5.27', '3.6.8']) only(versions(old), /note: .* known bugs/);
  for (const sound of ['3.5.28', '3.6.9', '3.7.0', '4.0.0']) assert.deepEqual(versions(sound), []);
});

test('garbage that is held, or much', () => {
  only(told(soundStatus({ names: soundNames({ collectionHeld: true }) })), /warning: .* restored/);
  only(told(soundStatus({ garbage: { queued: 1000, more: true } })), /note: 1000 or more/);
});

test('the most serious comes first', () => {
  const nodes = [someNode('a', { draining: true }), someNode('b', { live: false })];
  const order = found(soundStatus({ nodes }), { ...answering, error: 'refused' });
  assert.deepEqual(
    order.map(({ severity }) => severity),
    ['critical', 'warning', 'note'],
  );
});
