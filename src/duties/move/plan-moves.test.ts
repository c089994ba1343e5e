import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NodeId, nodeId, type VolumeId } from '#base/ids.ts';
import { codeFor } from '#blob/width.ts';
import type { Code, VolumeRecord } from '#protocol/volumes.ts';
import { volumesToCheck, volumesToEmpty } from './plan-moves.ts';

const nodes = (...names: string[]) => names.map(nodeId);
const set = (...names: string[]) => new Set(nodes(...names));
const six = nodes('a', 'b', 'c', 'd', 'e', 'f');

let count = 0;
function volume(code: Code, members: readonly NodeId[], change: Partial<VolumeRecord> = {}) {
  const id = (++count).toString(16).padStart(16, '0') as VolumeId;
  const state = 'open' as const;
  const rest = { epoch: 1, state, rebuilding: [], incoming: [], ...change };
  return { record: { id, code, members, ...rest }, revision: 5 };
}

const wide = { k: 3, m: 2 };
const facts = { staying: six, away: set(), overdue: set() };

test('a volume of today’s width stays, with any number of nodes', () => {
  for (let count = 2; count <= 9; count++) {
    const staying = Array.from({ length: count }, (_, i) => nodeId(`n${i}`));
    const code = codeFor('large', count) as Code;
    const volumes = [volume(code, staying.slice(0, code.k + code.m))];
    assert.deepEqual(volumesToEmpty({ ...facts, staying, volumes }), []);
    const isWide = code.k > 1;
    const fewer = volumesToEmpty({ ...facts, staying: staying.slice(1), volumes });
    assert.equal(fewer.length, count > 2 && isWide && code.k + code.m > count - 2 ? 1 : 0);
  }
});

test('one that would lie on all that are left goes, those with least margin first', () => {
  const whole = volume(wide, nodes('b', 'c', 'd', 'e', 'f'));
  const hurt = volume(wide, nodes('a', 'b', 'c', 'd', 'e'));
  const poor = volume(wide, nodes('a', 'b', 'c', 'd', 'e'), { rebuilding: [4] });
  const narrow = volume({ k: 2, m: 2 }, nodes('a', 'b', 'c', 'd'));
  const copies = volume({ k: 1, m: 2 }, nodes('a', 'b', 'c'));
  const lost = volume(wide, nodes('a', 'b', 'c', 'd', 'e'), { rebuilding: [3, 4] });
  const volumes = [whole, hurt, poor, narrow, copies, lost];
  const gone = { away: set('a'), overdue: set('a') };
  assert.deepEqual(volumesToEmpty({ ...facts, ...gone, volumes }), [poor, hurt, whole]);
  const leaving = volumesToEmpty({ ...facts, staying: six.slice(1), volumes: [hurt, copies] });
  assert.deepEqual(leaving, [hurt], 'a node that drains counts as gone');
});

test('a dead node is waited for, unless nothing more may be lost', () => {
  const hurt = volume(wide, nodes('a', 'b', 'c', 'd', 'e'));
  const poor = volume(wide, nodes('a', 'b', 'c', 'd', 'e'), { rebuilding: [4] });
  assert.deepEqual(volumesToEmpty({ ...facts, away: set('a'), volumes: [hurt, poor] }), [poor]);
});

test('while too few nodes are there to write to, nothing goes', () => {
  const pair = volume({ k: 2, m: 2 }, nodes('a', 'b', 'c', 'd'));
  const volumes = [pair];
  const left = (...staying: string[]) =>
    volumesToEmpty({ ...facts, staying: nodes(...staying), volumes });
  assert.deepEqual(left('a', 'b'), [pair]);
  assert.deepEqual(left('a'), []);
});

test('what isn’t written to any more, or has a dead member, may be empty', () => {
  const open = volume(wide, nodes('a', 'b', 'c', 'd', 'e'));
  const sealed = volume(wide, nodes('a', 'b', 'c', 'd', 'e'), { state: 'sealed' });
  const closed = volume(wide, nodes('a', 'b', 'c', 'd', 'e'), { state: 'closed' });
  const hurt = volume({ k: 1, m: 1 }, nodes('e', 'f'));
  assert.deepEqual(volumesToCheck([open, sealed, closed, hurt], set('f')), [sealed, closed, hurt]);
});
