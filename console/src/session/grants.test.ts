import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listable, mayList, mayWatch, nearestFolder } from './grants.ts';

test('what can be listed is told by the highest folders, each once', () => {
  const grants = ['read,list:/a', 'list:/a/b', 'list:/ab', 'read:/c', 'write,list:/a'];
  assert.deepEqual(listable(grants), ['/a', '/ab']);
  assert.deepEqual(listable(['admin']), ['/']);
  assert.deepEqual(listable(['list:/a', 'list:/']), ['/']);
  assert.deepEqual(listable(['list:/with:colon']), ['/with:colon']);
  assert.deepEqual(listable(['write:/list']), []);
  assert.equal(mayList('/a/b', grants), true);
  assert.equal(mayList('/', grants), false);
});

test('the cluster is for administrators and those who may read its page by name', () => {
  assert.equal(mayWatch(['admin']), true);
  assert.equal(mayWatch(['list:/a', 'read:/-/cluster']), true);
  assert.equal(mayWatch(['read:/-']), true);
  assert.equal(mayWatch(['read,write,delete,list:/']), false);
  assert.equal(mayWatch(['list:/-/cluster']), false);
});

test('who may list elsewhere begins there', () => {
  assert.equal(nearestFolder('/', ['list:/a', 'list:/b']), '/a');
  assert.equal(nearestFolder('/b/c', ['list:/a', 'list:/b']), '/b/c');
  assert.equal(nearestFolder('/bc', ['list:/a', 'list:/b']), '/a');
  assert.equal(nearestFolder('/', ['read:/-/cluster', 'write:/in']), '/in');
  assert.equal(nearestFolder('/x', ['read:/-/cluster']), '/x');
  assert.equal(nearestFolder('/x/y', ['admin']), '/x/y');
});
