import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choices, isReadable, overall, readableShare } from './theory.ts';

const nodes = ['a', 'b', 'c', 'd', 'e', 'f'];
const copies = { path: '/small', extents: [{ k: 1, members: ['a', 'b', 'c'] }] };
const wide = { path: '/large', extents: [{ k: 3, members: ['a', 'b', 'c', 'd', 'e'] }] };

test('a file is readable while k members of each extent live', () => {
  assert.equal(isReadable(wide, new Set(['a', 'e'])), true);
  assert.equal(isReadable(wide, new Set(['a', 'd', 'e'])), false);
  const both = { path: '/both', extents: [...copies.extents, ...wide.extents] };
  assert.equal(isReadable(both, new Set(['a', 'b', 'c'])), false);
});

test('choices are all subsets of a size', () => {
  assert.equal(choices(nodes, 2).length, 15);
  assert.deepEqual(choices(['a', 'b'], 0), [[]]);
});

test('shares are over all choices of nodes', () => {
  assert.equal(readableShare([copies, wide], nodes, 2).least, 1);
  // Of 20 triples one holds all three copies, and ten spare the node that has nothing.
  assert.equal(readableShare([copies], nodes, 3).mean, 19 / 20);
  assert.equal(readableShare([wide], nodes, 3).mean, 10 / 20);
  assert.equal(readableShare([wide], nodes, 6).mean, 0);
});

test('several placements have one mean and the extremes of all', () => {
  const shares = [copies, wide].map((file) => readableShare([file], nodes, 3));
  assert.deepEqual(overall(shares), { killed: 3, mean: 0.725, least: 0, most: 1 });
});
