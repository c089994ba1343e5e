import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testGateway } from '../../../test/support/test-gateway.ts';

const evil = '<script>alert(1)</script>';

test('bytes of clients are served so that a browser neither guesses nor runs them', async (context) => {
  const { url } = await testGateway(context);
  const path = `/a/${encodeURIComponent(evil).replaceAll('%2F', '')}.html`;
  const page = `<!doctype html>${evil}`;
  const headers = { 'content-type': 'text/html', 'x-meta-note': evil };
  assert.equal((await fetch(url + path, { method: 'PUT', body: page, headers })).status, 200);
  const reads: readonly (readonly [string, Record<string, string>])[] = [
    [path, {}],
    [path, { range: 'bytes=0-9' }],
    [`/path?path=${path}`, {}],
  ];
  for (const [target, more] of reads) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await fetch(url + target, { method, headers: more });
      assert.ok(answer.ok, target);
      assert.equal(answer.headers.get('content-type'), 'text/html');
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      const policy = answer.headers.get('content-security-policy') ?? '';
      assert.equal(policy, "sandbox; default-src 'none'");
      for (const name of ['set-cookie', 'access-control-allow-origin']) {
        assert.equal(answer.headers.get(name), null);
      }
    }
  }
});

test('names of clients are no markup, and no browser guesses that they are', async (context) => {
  const { url } = await testGateway(context);
  const name = evil.replace('/', '');
  await fetch(`${url}/a/${encodeURIComponent(name)}`, { method: 'PUT', body: 'x' });
  const listing = await fetch(`${url}/a/`, { headers: { accept: 'text/html' } });
  assert.ok(!(await listing.text()).includes('<script'));
  assert.match(listing.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
  const others: readonly (readonly [string, Record<string, string>])[] = [
    ['/ls?path=/a', {}],
    ['/ls?path=/a', { accept: 'application/x-ndjson' }],
    [`/stat?path=/a/${encodeURIComponent(name)}`, {}],
    [`/nothing/${encodeURIComponent(name)}`, {}],
    [`/a/${encodeURIComponent(name)}`, { range: 'bytes=99-' }],
  ];
  for (const [target, headers] of others) {
    const answer = await fetch(url + target, { headers });
    assert.match(answer.headers.get('content-type') ?? '', /json/, target);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', target);
    await answer.body?.cancel();
  }
});
