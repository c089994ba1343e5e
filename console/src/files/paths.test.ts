import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBehind, join, justBefore, nameOf, parentOf, trailOf } from './paths.ts';

test('paths are joined and parted', () => {
  assert.equal(join('/', 'a'), '/a');
  assert.equal(join('/a', 'b/c'), '/a/b/c');
  assert.equal(nameOf('/a/b'), 'b');
  assert.equal(parentOf('/a/b'), '/a');
  assert.equal(parentOf('/a'), '/');
  assert.deepEqual(trailOf('/a/b'), ['/', '/a', '/a/b']);
  assert.deepEqual(trailOf('/'), ['/']);
});

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

test('a listing after what is just before a prefix misses no name that starts so', () => {
  for (const prefix of ['a', 'abc', 'ä', '\ue000', '\u{10000}', 'a\u{1f600}', '!']) {
    const before = justBefore(prefix);
    assert.ok(before !== undefined);
    assert.ok(byBytes(before, prefix) < 0, prefix);
    assert.ok(before.isWellFormed());
  }
  assert.equal(justBefore(''), undefined);
});

test('what is behind all names with a prefix is told by the order of bytes', () => {
  assert.equal(isBehind('abd', 'abc'), true);
  assert.equal(isBehind('abcd', 'abc'), false);
  assert.equal(isBehind('ab', 'abc'), false);
  assert.equal(isBehind('\u{10000}', '\uffff'), true, 'not by UTF-16');
});
