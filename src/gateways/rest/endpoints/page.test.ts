import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { testGateway } from '../../../../test/support/test-gateway.ts';
import type { StaticPage } from '../call.ts';

const console: StaticPage = {
  contentType: 'text/html; charset=utf-8',
  body: Buffer.from('<p>console</p>'),
  etag: '"abc"',
  headers: () => ['Content-Security-Policy', "default-src 'none'"],
};

async function served(context: TestContext): Promise<string> {
  const pages = new Map([['/-/console/', console]]);
  return (await testGateway(context, { pages })).url;
}

test('a page comes with its headers, and not again to whom has it', async (context) => {
  const url = `${await served(context)}/-/console/`;
  const whole = await fetch(url);
  assert.equal(await whole.text(), '<p>console</p>');
  assert.equal(whole.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.equal(whole.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(whole.headers.get('content-security-policy'), "default-src 'none'");
  const again = await fetch(url, { headers: { 'If-None-Match': 'W/"abc"' } });
  assert.deepEqual([again.status, await again.text()], [304, '']);
  const other = await fetch(url, { headers: { 'If-None-Match': '"abd"' } });
  assert.equal(other.status, 200);
  const head = await fetch(url, { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '14']);
});

test('without its slash it is sent on; what was not handed in is not there', async (context) => {
  const url = await served(context);
  const bare = await fetch(`${url}/-/console`, { redirect: 'manual' });
  assert.deepEqual([bare.status, bare.headers.get('location')], [308, '/-/console/']);
  for (const name of ['index.html', '%2e%2e/secret', '..%2fsecret', 'a/']) {
    const { status } = await fetch(`${url}/-/console/${name}`);
    assert.ok(status === 404 || status === 400, name);
  }
});
