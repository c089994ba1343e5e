import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createTlsNetwork } from '#io/node/tls-network.ts';
import { TestTls, testAuthority, testIdentity } from '../../test/support/test-certificates.ts';
import { createRpcClient } from './client.ts';
import { pingMethod } from './rpc.ts';
import { createRpcServer } from './server.ts';
import { deps, far, identityOf, near } from './testing/pair.ts';

const authority = testAuthority();
const nameSuffix = '.node.test';

/** The same deps, where one is certified by that name. */
function certified(name: string) {
  const source = new TestTls(testIdentity(authority, name + nameSuffix));
  return { ...deps, network: createTlsNetwork({ source, nameSuffix }) };
}

/** A call from near to far, each with a certificate for that name. */
async function called(
  context: TestContext,
  names: { readonly near: string; readonly far: string },
) {
  const where = { host: '127.0.0.1', port: 0, handlers: {} };
  const server = await createRpcServer(certified(names.far), { ...identityOf(far), ...where });
  const limits = { connectTimeoutMs: 20_000, handshakeTimeoutMs: 20_000 };
  const resolve = () => ({ host: '127.0.0.1', port: server.port });
  const client = createRpcClient(certified(names.near), { ...identityOf(near), resolve, limits });
  context.after(async () => {
    client.close();
    await server.close();
  });
  return client.call(far, { method: pingMethod, head: 0 }, { timeoutMs: 20_000 });
}

test('nodes call each other over TLS', async (context) => {
  assert.deepEqual((await called(context, { near, far })).head, { incarnation: 'far-1' });
});

test('a node with the secret and another’s certificate is refused, on either side', async (context) => {
  const refused = { code: 'peer_refused', message: /its certificate is for third/ };
  await assert.rejects(called(context, { near: 'third', far }), refused);
  await assert.rejects(called(context, { near, far: 'third' }), refused);
});
