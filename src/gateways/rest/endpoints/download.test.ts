import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { bearing, testAccess } from '../../../../test/support/test-access.ts';
import { testGateway } from '../../../../test/support/test-gateway.ts';

const path = '/a/\u00e4 (1).txt';

async function withFile(context: TestContext) {
  const setup = await testAccess(context);
  const { url, logged } = await testGateway(context, { access: setup.access, logLevel: 'debug' });
  const headers = bearing(setup.admin);
  await fetch(url + encodeURI(path), { method: 'PUT', headers, body: 'hello' });
  const save = (fields: Record<string, string>, target = path, query = '') => {
    const address = `${url}/-/download?path=${encodeURIComponent(target)}${query}`;
    return fetch(address, { method: 'POST', body: new URLSearchParams(fields) });
  };
  return { ...setup, url, logged, save };
}

test('a form that shows a token gets a file to save, under its own name', async (context) => {
  const { save, holding } = await withFile(context);
  const answer = await save({ token: await holding('read:/a') });
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), 'hello');
  const disposition = "attachment; filename*=UTF-8''%C3%A4%20%281%29.txt";
  assert.equal(answer.headers.get('content-disposition'), disposition);
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(answer.headers.get('content-security-policy'), "sandbox; default-src 'none'");
});

test('what the token may not read it does not get, nor does who shows none', async (context) => {
  const { save, holding } = await withFile(context);
  const list = await holding('write,delete,list:/a', 'read:/b');
  for (const [fields, status] of [
    [{ token: list }, 403],
    [{ token: 'x' }, 401],
    [{ token: '' }, 401],
    [{}, 401],
    [{ Token: list }, 400],
    [{ token: list, path: '/b' }, 400],
  ] as const) {
    const answer = await save(fields);
    assert.equal(answer.status, status, JSON.stringify(fields));
    assert.equal(answer.headers.get('content-disposition'), null);
    assert.doesNotMatch(await answer.text(), /hello/);
  }
});

test('a token in an address is refused, and so is a form that holds more', async (context) => {
  const { save, admin, url, logged } = await withFile(context);
  assert.equal((await save({}, path, `&token=${admin}`)).status, 401);
  assert.equal((await save({ token: admin }, path, `&token=${admin}`)).status, 400);
  assert.equal((await save({ token: 'x'.repeat(2000) })).status, 413);
  const elsewhere = new URLSearchParams({ token: admin });
  for (const target of ['/rm?path=/a&recursive=true', '/-/tokens?name=a&grants=admin']) {
    const answer = await fetch(url + target, { method: 'POST', body: elsewhere });
    assert.equal(answer.status, 401, 'a form counts for nothing else');
  }
  assert.ok(!logged.join('').includes(admin));
});

test('where tokens are off, whoever asks may save', async (context) => {
  const { url } = await testGateway(context);
  await fetch(`${url}/a`, { method: 'PUT', body: 'hello' });
  for (const body of ['', new URLSearchParams({ token: 'x' })]) {
    const answer = await fetch(`${url}/-/download?path=/a`, { method: 'POST', body });
    assert.equal(await answer.text(), 'hello');
  }
});
