import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCode } from '#base/errors.ts';
import { authorise, grantText, mayDo, parseGrant, type Right, rights } from './rights.ts';

const holder = (...grants: string[]) => {
  return { id: 'ab', name: 'me', grants: grants.map(parseGrant) };
};

test('a right reaches its path and what is under it, and nothing beside', () => {
  const identity = holder('read,list:/photos', 'write:/in');
  const cases: readonly (readonly [Right, string, boolean])[] = [
    ['read', '/photos', true],
    ['read', '/photos/a/b', true],
    ['list', '/photos', true],
    ['read', '/photosynthesis', false],
    ['read', '/', false],
    ['list', '/', false],
    ['read', '/PHOTOS', false],
    ['write', '/photos/a', false],
    ['write', '/in/a', true],
    ['read', '/in/a', false],
    ['delete', '/in/a', false],
    ['admin', '/photos', false],
  ];
  for (const [right, path, may] of cases) {
    assert.equal(mayDo(identity, right, path), may, `${right} ${path}`);
  }
});

test('the root is that of files: system pages have to be named', () => {
  const all = holder('read,write,delete,list:/');
  for (const path of ['/', '/a', '/-a', '/exists']) assert.ok(mayDo(all, 'read', path), path);
  for (const path of ['/-', '/-/metrics']) assert.ok(!mayDo(all, 'read', path), path);
  assert.ok(mayDo(holder('read:/-/metrics'), 'read', '/-/metrics'));
  assert.ok(!mayDo(holder('read:/-/metrics'), 'read', '/-/cluster'));
  for (const right of rights) assert.ok(mayDo(holder('admin'), right, '/-/tokens'), right);
});

test('who has no grant may do nothing, and is told so', () => {
  for (const right of rights) {
    assert.throws(
      () => authorise(holder(), right, '/a'),
      (error) => isCode(error, 'forbidden') && error.path === '/a' && /me/.test(error.message),
    );
  }
});

test('grants are read as they are written, and slips are refused', () => {
  for (const text of ['admin', 'read:/', 'read,list:/a/b: c', 'write:/ä']) {
    assert.equal(grantText(parseGrant(text)), text);
  }
  assert.deepEqual(parseGrant('read,read:a//b/'), { rights: ['read'], prefix: '/a/b' });
  for (const text of ['', 'read', ':/a', 'read,:/a', 'reed:/a', 'admin:/a', 'admin,read:/a']) {
    assert.throws(() => parseGrant(text), { code: 'invalid_argument' }, text);
  }
  for (const text of ['read:', 'read:/a/../b', 'read:/a\n']) {
    assert.throws(() => parseGrant(text), { code: 'invalid_path' }, text);
  }
});
