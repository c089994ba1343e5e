import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apart, fitted, type Line, painted, span, wrapped } from './spans.ts';

const shown = (line: Line): string => painted(line, false);
const two: Line = [span('killed', 'bad'), span(' at once')];

test('a line is filled up, or cut and marked as cut', () => {
  assert.equal(shown(fitted(two, 16)), 'killed at once  ');
  assert.equal(shown(fitted(two, 14)), 'killed at once');
  assert.equal(shown(fitted(two, 9)), 'killed a…');
  assert.equal(shown(fitted(two, 4)), 'kil…');
  assert.equal(shown(fitted(two, 1)), '…');
  assert.equal(shown(fitted(two, 0)), '');
});

test('of two ends the left one gives way', () => {
  assert.equal(shown(apart(two, [span('5 of 6')], 24)), 'killed at once    5 of 6');
  assert.equal(shown(apart(two, [span('5 of 6')], 12)), 'kille…5 of 6');
  assert.equal(shown(apart(two, [span('5 of 6')], 4)), '5 o…');
});

test('parts go to the next line when there is no room', () => {
  const parts = ['one', 'two', 'three'].map((text): Line => [span(text)]);
  assert.deepEqual(wrapped(parts, 2, 8).map(shown), ['one  two', 'three']);
  assert.deepEqual(wrapped(parts, 1, 80).map(shown), ['one two three']);
});

test('colour surrounds what it is for and ends there', () => {
  assert.equal(painted(two, true), '\x1b[1;31mkilled\x1b[22;39m at once');
});
