import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterStatus } from '#client/cluster-status.ts';
import { someNode, soundStatus } from '../../../test/support/cluster-status.ts';
import { verdictOn } from './verdict.ts';

const well = soundStatus();
const some = { volumes: 1, bytes: 1024 };
const judged = (change: Partial<ClusterStatus>) => verdictOn(soundStatus(change));

test('a healthy cluster is called so', () => {
  const { level, headline, detail } = verdictOn(well);
  assert.deepEqual([level, headline], ['good', 'Every file survives 2 more losses']);
  assert.match(detail, /All 6 nodes are alive\. 10 volumes, 1\.0 GiB/);
});

test('the worst is said first', () => {
  const { protection, names } = well;
  const rebuilding = { slots: 1, bytesLeft: 2048 };
  const repair = { bytesLeft: 2048, bytesPerSecond: 100, secondsLeft: 20 };
  const under = { ...protection, underProtected: some, rebuilding };
  assert.match(judged({ protection: under, repair }).detail, /2\.0 KiB still .* about 20 s/);
  assert.equal(judged({ protection: under, repair }).level, 'warn');
  const bare = { ...under, withoutMargin: some };
  assert.match(judged({ protection: bare }).headline, /survive no further loss/);
  assert.equal(judged({ protection: bare }).level, 'bad');
  const lost = { ...bare, unreadable: some };
  assert.match(judged({ protection: lost }).headline, /can’t be read/);
  const members = names.members.map((member, index) => ({ ...member, healthy: index === 0 }));
  const dark = judged({ protection: lost, names: { ...names, members } });
  assert.match(dark.headline, /No names/);
});

test('who is away is named, also when nothing is the worse for it', () => {
  const nodes = [...well.nodes, someNode('n7', { live: false })];
  const { level, detail } = judged({ nodes });
  assert.deepEqual([level, detail], ['warn', 'Away: n7. 10 volumes, 1.0 GiB.']);
  assert.match(judged({ nodes: [someNode('n1')] }).headline, /Nothing can be written/);
});
