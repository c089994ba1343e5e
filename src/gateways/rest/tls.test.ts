import assert from 'node:assert/strict';
import { type Socket, connect as tcpConnect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { Cluster, Storage, UnavailableError } from '#client/index.ts';
import { TestTls, testAuthority, testIdentity } from '../../../test/support/test-certificates.ts';
import { testGateway } from '../../../test/support/test-gateway.ts';

const authority = testAuthority();

async function secured(context: TestContext, options = {}) {
  const tls = new TestTls(testIdentity(authority));
  const gateway = await testGateway(context, { tls, options });
  const once = { triesMax: 1 };
  const storage = (ca = authority.certificate) => {
    const made = new Storage([gateway.url], { ...once, ca });
    context.after(() => made.close());
    return made;
  };
  return { tls, gateway, storage };
}

/** All that comes until the other side ends. */
const answerOn = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => {});
    socket.once('close', () => resolve(Buffer.concat(chunks).toString()));
  });

test('files go in and out, and the client knows whom it speaks to', async (context) => {
  const { gateway, storage } = await secured(context);
  const content = Buffer.alloc(3_000_000, 'abcdefg');
  await storage().put('/a', content);
  assert.ok(content.equals(await storage().get('/a')));
  const others = testAuthority('others').certificate;
  await assert.rejects(storage(others).get('/a'), UnavailableError);
  const untrusting = new Cluster([gateway.url], { triesMax: 1 });
  context.after(() => untrusting.close());
  await assert.rejects(untrusting.probe(), UnavailableError);
});

test('an answer that comes before the whole body can be read', async (context) => {
  const { gateway } = await secured(context);
  const ca = authority.certificate;
  const socket: TLSSocket = tlsConnect({ port: gateway.port, host: '127.0.0.1', ca });
  const answer = answerOn(socket);
  socket.write('PUT /- HTTP/1.1\r\nHost: h\r\nContent-Length: 50000000\r\n\r\n');
  const chunk = Buffer.alloc(1_000_000);
  for (let nth = 0; nth < 10; nth++) socket.write(chunk);
  assert.match(await answer, /^HTTP\/1\.1 400 .*reserved_path/s);
});

test('what is no handshake ends, and hurts nobody', async (context) => {
  const { gateway, storage } = await secured(context, { headersTimeoutMs: 300 });
  const plain = tcpConnect(gateway.port, '127.0.0.1');
  const ended = answerOn(plain);
  plain.write('GET /secret HTTP/1.1\r\nHost: h\r\n\r\n');
  await ended;
  await answerOn(tcpConnect(gateway.port, '127.0.0.1'));
  const old = tlsConnect({
    ...{ port: gateway.port, host: '127.0.0.1', ca: authority.certificate },
    ...{ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
  });
  assert.equal(await answerOn(old), '');
  assert.equal(await storage().exists('/a'), false);
  assert.deepEqual(gateway.logged, []);
});

test('a newer certificate is shown without a restart', async (context) => {
  const { tls, storage } = await secured(context);
  const next = testAuthority('next');
  const before = storage();
  assert.equal(await before.exists('/a'), false);
  tls.change(testIdentity(next));
  assert.equal(await before.exists('/a'), false);
  assert.equal(await storage(next.certificate).exists('/a'), false);
  await assert.rejects(storage().exists('/a'), UnavailableError);
});
