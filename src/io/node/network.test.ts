import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Connection, ConnectionHandlers } from '../network.ts';
import { createNodeNetwork } from './network.ts';

const network = createNodeNetwork();

interface Ends {
  readonly client: Connection;
  readonly server: Connection;
}

async function connected(t: TestContext): Promise<Ends> {
  const accepted = Promise.withResolvers<Connection>();
  const listener = await network.listen('127.0.0.1', 0, accepted.resolve);
  const client = await network.connect('127.0.0.1', listener.port, 2_000);
  const server = await accepted.promise;
  t.after(async () => {
    client.destroy();
    server.destroy();
    await listener.close();
  });
  return { client, server };
}

const handlers = (some: Partial<ConnectionHandlers>): ConnectionHandlers => ({
  onData: () => {},
  onDrain: () => {},
  onClose: () => {},
  ...some,
});

function readUntil(connection: Connection, length: number): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let count = 0;
  const onData = (chunk: Buffer) => {
    chunks.push(chunk);
    count += chunk.length;
    if (count >= length) resolve(Buffer.concat(chunks));
  };
  connection.handle(handlers({ onData }));
  return promise;
}

test('bytes arrive in order, whatever the parts they were written in', async (t) => {
  const { client, server } = await connected(t);
  const parts = Array.from({ length: 3_000 }, (_, i) => Buffer.alloc(1 + (i % 700), i));
  const whole = Buffer.concat(parts);
  client.handle(handlers({}));
  for (let at = 0; at < parts.length; at += 7) client.write(parts.slice(at, at + 7));
  assert.ok((await readUntil(server, whole.length)).equals(whole));
  assert.equal(client.unsentBytes, 0);
});

test('bytes sent before there are handlers are not lost', async (t) => {
  const { client, server } = await connected(t);
  server.write([Buffer.from('early')]);
  await new Promise(setImmediate);
  assert.equal((await readUntil(client, 5)).toString(), 'early');
});

test('a full connection says so, counts what is unsent, and drains', async (t) => {
  const { client, server } = await connected(t);
  const drained = Promise.withResolvers<void>();
  client.handle(handlers({ onDrain: drained.resolve }));
  const block = Buffer.alloc(1024 * 1024);
  while (client.unsentBytes < 32 * block.length) client.write([block]);
  assert.equal(client.write([block]), false);
  void readUntil(server, Number.POSITIVE_INFINITY);
  await drained.promise;
  assert.equal(client.unsentBytes, 0);
});

test('both ends hear of the end, once, even when they listen late', async (t) => {
  const { client, server } = await connected(t);
  const atServer = Promise.withResolvers<void>();
  server.handle(handlers({ onClose: () => atServer.resolve() }));
  client.destroy();
  await atServer.promise;
  let closes = 0;
  client.handle(handlers({ onClose: () => (closes += 1) }));
  assert.equal(closes, 1);
  assert.equal(client.write([Buffer.alloc(1)]), false);
});

test('a port nobody listens on refuses', async () => {
  const listener = await network.listen('127.0.0.1', 0, () => {});
  await listener.close();
  await assert.rejects(network.connect('127.0.0.1', listener.port, 2_000), {
    code: 'ECONNREFUSED',
  });
});

test('a taken port says so', async (t) => {
  const listener = await network.listen('127.0.0.1', 0, () => {});
  t.after(() => listener.close());
  await assert.rejects(
    network.listen('127.0.0.1', listener.port, () => {}),
    {
      code: 'EADDRINUSE',
    },
  );
});
