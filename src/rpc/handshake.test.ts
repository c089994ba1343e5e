import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { nodeId } from '#base/ids.ts';
import { bareFrame, frameKinds, packFrame, prefixBytes, sealFrame } from './frame.ts';
import { pingMethod } from './rpc.ts';
import { deps, far, lines, startClient, startPair, startServer, until } from './testing/pair.ts';

const soon = { timeoutMs: 10_000 };
const ping = { method: pingMethod, head: 0 };

async function refusedWith(t: TestContext, options: object, reason: RegExp): Promise<void> {
  const server = await startServer(t, {});
  const client = startClient(t, server.port, options);
  await assert.rejects(client.call(far, ping, soon), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'peer_refused');
    assert.match(error.message, reason);
    return true;
  });
}

test('another cluster is refused', (t) =>
  refusedWith(t, { clusterId: 'other' }, /another cluster/));

test('another secret is refused', (t) =>
  refusedWith(t, { secret: Buffer.from('guess') }, /proof .* is wrong/));

test('another node than the one called is refused', async (t) => {
  const server = await startServer(t, {});
  const client = startClient(t, server.port);
  await assert.rejects(client.call(nodeId('third'), ping, soon), {
    code: 'peer_refused',
    outcome: 'none',
    message: /this is node far, not third/,
  });
});

test('a new run of a node under the same id is welcome and can be told apart', async (t) => {
  const first = await startServer(t, {});
  let port = first.port;
  const resolve = () => ({ host: '127.0.0.1', port });
  const client = startClient(t, 0, { resolve });
  await client.call(far, ping, soon);
  assert.equal(client.incarnationOf(far), 'far-1');
  await first.close();
  port = (await startServer(t, {}, { incarnation: 'far-2' })).port;
  await until(() => lines.some((line) => line.includes('rpc peer lost')), 'the end was noticed');
  assert.deepEqual((await client.call(far, ping, soon)).head, { incarnation: 'far-2' });
  assert.equal(client.incarnationOf(far), 'far-2');
});

/** Sends bytes as a stranger would, and resolves with the answer once the server has closed. */
function stranger(port: number, bytes: Buffer): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const socket = connect({ host: '127.0.0.1', port });
  const answer: Buffer[] = [];
  socket.on('data', (chunk) => answer.push(chunk));
  socket.on('error', () => {});
  socket.on('close', () => resolve(Buffer.concat(answer)));
  socket.write(bytes);
  return promise;
}

const frame = (kind: 1 | 2 | 3, head: Buffer | string): Buffer =>
  sealFrame(Buffer.concat([Buffer.alloc(prefixBytes), Buffer.from(head)]), kind, 0, 0);

const helloLike = {
  version: 1,
  cluster: 'cluster',
  node: 'near',
  incarnation: '1',
  to: 'far',
  nonce: 'ab'.repeat(32),
};

test('strangers are closed, whatever they say, and calls go on', async (t) => {
  const { client, server } = await startPair(t, {});
  const request = sealFrame(packFrame([pingMethod, 0]), frameKinds.request, 1, 0, 1_000);
  const openings = [
    Buffer.from('GET / HTTP/1.1\r\nHost: here\r\n\r\n'),
    Buffer.alloc(1_000),
    request,
    bareFrame(frameKinds.hello, 0),
    frame(frameKinds.hello, 'not json'),
    frame(frameKinds.hello, 'null'),
    frame(frameKinds.hello, JSON.stringify({ ...helloLike, node: '../etc' })),
    frame(frameKinds.hello, Buffer.alloc(1_025)),
    Buffer.concat([frame(frameKinds.hello, JSON.stringify(helloLike)), request]),
    Buffer.concat([
      frame(frameKinds.hello, JSON.stringify(helloLike)),
      frame(frameKinds.proof, Buffer.alloc(32)),
    ]),
  ];
  for (const opening of openings) {
    lines.length = 0;
    const answer = await stranger(server.port, opening);
    assert.ok(!answer.includes('incarnation":"far-1"') || opening.includes(helloLike.nonce));
    await until(() => lines.some((line) => line.includes('rpc connection refused')), 'logged');
  }
  await client.call(far, ping, soon);
});

test('another version of the protocol is refused with a reason', async (t) => {
  const server = await startServer(t, {});
  const hello = frame(frameKinds.hello, JSON.stringify({ ...helloLike, version: 2 }));
  const answer = await stranger(server.port, hello);
  assert.match(answer.toString(), /version 2 of the node protocol meets version 1/);
});

test('random bytes never do harm', async (t) => {
  const { client, server } = await startPair(t, {});
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 20, maxLength: 200 }), async (bytes) => {
      await stranger(server.port, Buffer.from(bytes));
    }),
    { numRuns: 50 },
  );
  await client.call(far, ping, soon);
});

test('a peer that says nothing is given up at both ends', async (t) => {
  const server = await startServer(t, {}, { limits: { handshakeTimeoutMs: 30 } });
  await stranger(server.port, Buffer.alloc(0));
  const listener = await deps.network.listen('127.0.0.1', 0, () => {});
  t.after(() => listener.close());
  const client = startClient(t, listener.port, { limits: { handshakeTimeoutMs: 30 } });
  await assert.rejects(client.call(far, ping, soon), {
    code: 'peer_unreachable',
    outcome: 'none',
  });
});

test('no more strangers than allowed are waited for', async (t) => {
  const server = await startServer(t, {}, { limits: { handshakesMax: 2 } });
  const idle = [1, 2].map(() => connect({ host: '127.0.0.1', port: server.port }));
  t.after(() => idle.forEach((socket) => void socket.destroy()));
  for (const socket of idle) await new Promise((resolve) => socket.once('connect', resolve));
  await stranger(server.port, Buffer.alloc(0));
  const closed = new Promise((resolve) => idle[0]?.once('close', resolve));
  idle[0]?.end();
  await closed;
  const client = startClient(t, server.port);
  await client.call(far, ping, soon);
});
