import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Refusal } from '#observe/audit-log.ts';
import { bearing, testAccess } from '../../../test/support/test-access.ts';
import { testGateway } from '../../../test/support/test-gateway.ts';

test('who is refused is in the audit log, and no secret is', async (context) => {
  const { access, admin, holding } = await testAccess(context);
  const told: Refusal[] = [];
  const refusals = { record: (refusal: Refusal) => void told.push(refusal) };
  const { url } = await testGateway(context, { access, refusals });
  const [token, revoked] = [await holding('read:/a'), await holding('admin')];
  const [id, revokedId] = [token.slice(6, 22), revoked.slice(6, 22)];
  await access.tokens.revoke(revokedId);
  const call = async (method: string, target: string, shown?: string, body?: string) => {
    const headers = shown === undefined ? {} : bearing(shown);
    const response = await fetch(url + target, { method, headers, ...(body ? { body } : {}) });
    return response.headers.get('x-request-id');
  };
  const requests = [
    await call('PUT', `/a/x?token=${admin}`, undefined, 'hello'),
    await call('GET', '/ls?path=/a', revoked),
    await call('GET', '/b/%22', token),
    await call('POST', '/copy?src=/a/x&dst=/b/y', token),
    await call('DELETE', `/-/tokens/${admin}`, token),
    await call('GET', '/a/x', `${admin}x`),
  ];
  // These were let in.
  await call('GET', '/a/x', token);
  await call('GET', '/b/x', admin);
  await call('PUT', '/reserved/../x', admin, 'hello');
  assert.deepEqual(
    told.map(({ request }) => request),
    requests,
  );
  const nobody = { name: 'nobody', address: '127.0.0.1' };
  const holder = { name: 'token-1', address: '127.0.0.1', token: id };
  const masked = `/-/tokens/dftfs_${admin.slice(6, 22)}_…`;
  assert.deepEqual(
    told.map(({ who, operation, method, path }) => [who, operation, method, path]),
    [
      [nobody, 'put', 'PUT', '/a/x'],
      [{ ...nobody, claimed: revokedId }, 'ls', 'GET', '/ls'],
      [holder, 'get', 'GET', '/b/"'],
      [holder, 'copy', 'POST', '/b/y'],
      [holder, 'tokens', 'DELETE', masked],
      [nobody, 'get', 'GET', '/a/x'],
    ],
  );
  assert.match(told[0]?.reason ?? '', /Send a token/);
  assert.match(told[1]?.reason ?? '', /isn't valid/);
  assert.match(told[3]?.reason ?? '', /token-1 has no right to write \/b\/y/);
  assert.ok(told.every(({ outcome }) => outcome === 'refused'));
  const text = JSON.stringify(told);
  for (const secret of [admin, token, revoked]) assert.ok(!text.includes(secret.slice(23)));
});
