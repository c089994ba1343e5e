import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isGlob, parseGlob } from './glob.ts';

const cases: readonly [glob: string, yes: readonly string[], no: readonly string[]][] = [
  ['/a/*.txt', ['/a/b.txt', '/a/.txt', '/a/\u65e5.txt'], ['/a/b/c.txt', '/a/b.txtx', '/ab.txt']],
  ['/a/**', ['/a/b', '/a/b/c'], ['/a', '/ab']],
  ['/**/x', ['/x', '/a/x', '/a/b/x'], ['/ax', '/a/xx']],
  ['/a?c', ['/abc', '/a\u{1f600}c'], ['/ac', '/a/c', '/abbc']],
  ['/[a-c]x', ['/ax', '/cx'], ['/dx', '/x']],
  ['/[!a-c]x', ['/dx'], ['/ax', '//x']],
  ['/[]]', ['/]'], ['/a']],
  ['/{a,bc}.txt', ['/a.txt', '/bc.txt'], ['/a,bc.txt', '/b.txt']],
  ['/{a,b/{c,d}}*', ['/a1', '/b/c', '/b/d2'], ['/b/e']],
  ['/photo (1)*+$', ['/photo (1)x+$'], ['/photo 1x+$']],
  ['/a\\*b*', ['/a*b', '/a*bc'], ['/axb']],
  ['/a|b*', ['/a|bc'], ['/a', '/bc']],
];

test('patterns match what they say', () => {
  for (const [glob, yes, no] of cases) {
    assert.ok(isGlob(glob), glob);
    const { matches } = parseGlob(glob);
    for (const path of yes) assert.ok(matches(path), `${glob} matches ${path}`);
    for (const path of no) assert.ok(!matches(path), `${glob} doesn't match ${path}`);
  }
});

test('the base is the folder that all matches lie in', () => {
  const found = (glob: string) => {
    const { base, deep } = parseGlob(glob);
    return [base, deep];
  };
  assert.deepEqual(found('/*'), ['/', false]);
  assert.deepEqual(found('/a/b*'), ['/a', false]);
  assert.deepEqual(found('/a/b*/c'), ['/a', true]);
  assert.deepEqual(found('/a/b**'), ['/a', true]);
  assert.deepEqual(found('/a/{b,c/d}'), ['/a', true]);
  assert.deepEqual(found('/a\\[/b*'), ['/', true]);
});

test('what is not closed is refused', () => {
  assert.throws(() => parseGlob('/a/[b'), /bracket isn't closed/);
  assert.throws(() => parseGlob('/a/{b,c'), /brace isn't closed/);
  assert.throws(() => parseGlob('/[z-a]'), /no range/);
});

test('any name, with a backslash before each sign, matches itself and no other', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
  const plain = name.filter((text) => !text.includes('/'));
  fc.assert(
    fc.property(plain, plain, (one, other) => {
      const { matches } = parseGlob(`/${[...one].map((sign) => `\\${sign}`).join('')}`);
      return matches(`/${one}`) && matches(`/${other}`) === (one === other);
    }),
  );
});
