import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { bearing, testAccess } from '../../../test/support/test-access.ts';
import { testGateway } from '../../../test/support/test-gateway.ts';

/** Two who may do the same, and ask with the same key unless told another. */
async function rig(context: TestContext) {
  const { access, holding } = await testAccess(context);
  const { url, files } = await testGateway(context, { access });
  const grants = 'read,write,delete:/';
  const [alice, bob] = [await holding(grants), await holding(grants)];
  const call = async (method: string, target: string, token: string, body = '', key = 'k') => {
    const headers = { ...bearing(token), 'Idempotency-Key': key };
    const given = body === '' ? { method, headers } : { method, headers, body };
    const response = await fetch(url + target, given);
    return [response.status, ((await response.json()) as { code?: string }).code ?? 'done'];
  };
  return { files, alice, bob, call };
}

const large = 'x'.repeat(100_000);

test('a key is its token’s alone: another’s is no repetition, and tells nothing', async (context) => {
  const { files, alice, bob, call } = await rig(context);
  for (const [path, body] of [
    ['/small', 'hello'],
    // It is asked for before the body.
    ['/large', large],
  ] as const) {
    assert.deepEqual(await call('PUT', path, alice, body), [200, 'done']);
    assert.deepEqual(await call('PUT', path, bob, body), [409, 'path_exists']);
    assert.deepEqual(await call('PUT', path, alice, body), [200, 'done']);
  }
  for (const verb of ['copy', 'move']) {
    const target = `/${verb}?src=/small&dst=/a/${verb}`;
    assert.deepEqual(await call('POST', target, alice), [200, 'done']);
    assert.deepEqual((await call('POST', target, bob))[0], verb === 'copy' ? 409 : 404);
    assert.deepEqual(await call('POST', target, alice), [200, 'done']);
  }
  assert.deepEqual(files.names(), ['/a/copy', '/a/move', '/large']);
});

test('who removes a file with a key that another has used removes it', async (context) => {
  const { files, alice, bob, call } = await rig(context);
  for (const target of ['DELETE /a', 'POST /rm?path=/a']) {
    const [method = '', where = ''] = target.split(' ');
    const again = `again ${target}`.replaceAll(' ', '-');
    for (const who of [alice, bob]) {
      await call('PUT', '/a', alice, 'hello', `${again}-${who}`);
      assert.deepEqual(await call(method, where, who, '', again), [200, 'done']);
      assert.deepEqual(files.names(), [], target);
      assert.deepEqual(await call(method, where, who, '', again), [200, 'done']);
    }
    assert.deepEqual(await call(method, where, bob, '', 'other'), [404, 'path_not_found']);
  }
});

test('no key can be made up to be another token’s', async (context) => {
  const { alice, bob, call } = await rig(context);
  await call('PUT', '/a', alice, 'hello');
  const id = alice.slice(6, 22);
  for (const key of [`${id} k`, `${id}%20k`, `${id}k`, `put:${id}`]) {
    const [status] = await call('PUT', '/a', bob, 'hello', key);
    assert.ok(status === 409 || status === 400, `${key}: ${status}`);
  }
});
