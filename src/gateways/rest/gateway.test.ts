import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testGateway } from '../../../test/support/test-gateway.ts';

const text = (response: Response): Promise<string> => response.text();

test('put, get, exists, copy, move, rm', async (context) => {
  const { url, logged } = await testGateway(context);
  const put = await fetch(`${url}/a/b.txt`, { method: 'PUT', body: 'hello' });
  assert.equal(put.status, 200);
  assert.equal(await text(await fetch(`${url}/a/b.txt`)), 'hello');
  assert.equal((await fetch(`${url}/a/b.txt`, { method: 'PUT', body: 'other' })).status, 409);
  assert.equal(await text(await fetch(`${url}/a/b.txt`)), 'hello');
  assert.equal(await text(await fetch(`${url}/exists?path=/a/b.txt`)), '1');
  assert.equal(await text(await fetch(`${url}/exists/a/b.txt`)), '1');
  assert.equal(await text(await fetch(`${url}/exists/a/c.txt`)), '0');
  const copy = (from: string, to: string) =>
    fetch(`${url}/copy?source_path=${from}&destination_path=${to}`, { method: 'POST' });
  assert.equal((await copy('/a/b.txt', '/c.txt')).status, 200);
  assert.equal((await copy('/a/b.txt', '/c.txt')).status, 409);
  assert.equal((await copy('/a/b.txt', '/a/b.txt')).status, 409);
  assert.equal((await copy('/nothing', '/c.txt')).status, 404);
  assert.equal(await text(await fetch(`${url}/c.txt`)), 'hello');
  const moved = await fetch(`${url}/move`, {
    method: 'POST',
    body: JSON.stringify({ source_path: '/c.txt', destination_path: '/d.txt' }),
    headers: { 'content-type': 'application/json' },
  });
  assert.equal(moved.status, 200);
  assert.equal((await fetch(`${url}/c.txt`)).status, 404);
  assert.equal((await fetch(`${url}/d.txt`, { method: 'DELETE' })).status, 200);
  assert.equal((await fetch(`${url}/d.txt`, { method: 'DELETE' })).status, 404);
  assert.deepEqual(logged, []);
});
