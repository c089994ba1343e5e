import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bearing, testAccess } from '../../../test/support/test-access.ts';
import { testGateway } from '../../../test/support/test-gateway.ts';

type Asked = readonly [method: string, target: string, headers?: Record<string, string>];

/** Whatever could tell whether something is at a path, in all forms that are read otherwise. */
const askedOf = (path: string): readonly Asked[] => [
  ['GET', path],
  ['HEAD', path],
  ['GET', path, { Range: 'bytes=0-0' }],
  ['GET', path, { 'If-None-Match': '*' }],
  ['GET', path, { 'If-Match': '"0"' }],
  ['GET', `/path?path=${path}`],
  ['GET', `/exists?path=${path}`],
  ['GET', `/exists${path}`],
  ['HEAD', `/exists${path}`],
  ['GET', `/stat?path=${path}`],
  ['GET', `/ls?path=${path}`],
  ['GET', `/ls?path=${path}&recursive=true`, { Accept: 'application/x-ndjson' }],
  ['GET', `${path}/`, { Accept: 'text/html' }],
  ['PUT', path],
  ['PUT', path, { 'If-None-Match': '*' }],
  ['PUT', path, { 'If-Match': '"0"' }],
  ['PUT', path, { 'Idempotency-Key': 'known' }],
  ['PUT', `/path?path=${path}`],
  ['DELETE', path],
  ['DELETE', path, { 'Idempotency-Key': 'known' }],
  ['POST', `/rm?path=${path}`],
  ['POST', `/rm?path=${path}&recursive=true`],
  ['POST', `/copy?src=${path}&dst=/b/new`],
  ['POST', `/copy?src=/b/own&dst=${path}`],
  ['POST', `/copy?src=${path}&dst=/b/new`, { 'Idempotency-Key': 'known' }],
  ['POST', `/move?src=${path}&dst=/b/new`],
  ['POST', `/move?src=/b/own&dst=${path}`],
  ['POST', `/-/download?path=${path}`],
];

test('who has no right to a path is not told whether something is there', async (context) => {
  const { access, admin, holding } = await testAccess(context);
  const { url, files } = await testGateway(context, { access });
  const call = async ([method, target, headers]: Asked, token: string) => {
    const body = method === 'PUT' ? { body: Buffer.alloc(100_000) } : {};
    const all = { ...headers, ...bearing(token) };
    const response = await fetch(url + target, { method, headers: all, ...body });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  for (const path of ['/a/is', '/b/own']) {
    await call(['PUT', path, { 'Idempotency-Key': 'known' }], admin);
  }
  const before = files.names();
  const token = await holding('read,write,delete,list:/b');
  for (const [nth, asked] of askedOf('/a/is').entries()) {
    const [is, not] = [await call(asked, token), await call(askedOf('/a/no')[nth] as Asked, token)];
    const what = asked.join(' ');
    assert.equal(is.status, 403, what);
    assert.equal(not.status, 403, what);
    const told = (text: string) => text.replaceAll('/a/no', '/a/is').replace(/"requestId".*/, '');
    assert.equal(told(not.text), told(is.text), what);
    const names = ({ headers }: typeof is) => [...headers.keys()].join(' ');
    assert.equal(names(not), names(is), what);
  }
  assert.deepEqual(files.names(), before);
});
