import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Socket, connect as tcpConnect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { TestTls, testAuthority, testIdentity } from '../../../test/support/test-certificates.ts';
import { until } from '../../../test/support/until.ts';
import type { Connection } from '../network.ts';
import type { TlsIdentity } from '../tls.ts';
import { createTlsNetwork, type TlsNetworkOptions } from './tls-network.ts';

const nameSuffix = '.node.test';
const authority = testAuthority();
const nodeOf = (name: string): TlsIdentity => testIdentity(authority, `${name}${nameSuffix}`);
const networkOf = (identity: TlsIdentity) =>
  createTlsNetwork({ source: new TestTls(identity), nameSuffix });

async function served(context: TestContext, options: Partial<TlsNetworkOptions> = {}) {
  const source = new TestTls(nodeOf('server'));
  const accepted: Connection[] = [];
  const network = createTlsNetwork({ source, nameSuffix, ...options });
  const listener = await network.listen('127.0.0.1', 0, (connection) => {
    accepted.push(connection);
    connection.handle({
      onData: (chunk) => void connection.write([chunk]),
      onDrain: () => {},
      onClose: () => {},
    });
  });
  const made: Connection[] = [];
  context.after(async () => {
    for (const connection of [...accepted, ...made]) connection.destroy();
    await listener.close();
  });
  const connect = async (identity: TlsIdentity) => {
    const connection = await networkOf(identity).connect('127.0.0.1', listener.port, 60_000);
    made.push(connection);
    return connection;
  };
  return { source, accepted, port: listener.port, connect };
}

const unverified = { code: /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN)$/ };

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.on('error', () => {}).resume();
    socket.once('close', () => resolve());
  });

/** What comes back, or 'closed': a server may refuse a client's certificate when it is done. */
function echoed(connection: Connection, text: string): Promise<string> {
  return new Promise((resolve) => {
    connection.handle({
      onData: (chunk) => resolve(chunk.toString()),
      onDrain: () => {},
      onClose: () => resolve('closed'),
    });
    connection.write([Buffer.from(text)]);
  });
}

test('who is certified is known by name, on both sides', async (context) => {
  const { accepted, connect } = await served(context);
  const connection = await connect(nodeOf('client'));
  assert.equal(await echoed(connection, 'hello'), 'hello');
  assert.equal(connection.certified, 'server');
  assert.deepEqual(
    accepted.map(({ certified }) => certified),
    ['client'],
  );
});

test('strangers never become connections', async (context) => {
  const { accepted, connect, port } = await served(context);
  const others = testAuthority('others');
  const strangers: readonly TlsIdentity[] = [
    // Of the same authority, and no node.
    testIdentity(authority, 'etcd-1.etcd.test'),
    testIdentity(authority, 'a.node.test', 'b.node.test'),
    testIdentity(authority, 'x, DNS:client.node.test, DNS:y'),
    // Of another authority, whatever it calls itself.
    { ...testIdentity(others, 'client.node.test'), authorities: authority.certificate },
  ];
  for (const identity of strangers) {
    const answer = await connect(identity).then((stranger) => echoed(stranger, 'hello'));
    assert.equal(answer, 'closed');
  }
  const nobody = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  nobody.write('hello');
  await closed(nobody);
  const plain = tcpConnect(port, '127.0.0.1');
  plain.write('hello, this is no handshake at all');
  await closed(plain);
  assert.deepEqual(accepted, []);
});

test('who is met is asked for his certificate too', async (context) => {
  const { connect, port } = await served(context);
  const elsewhere = testIdentity(testAuthority('others'), 'client.node.test');
  await assert.rejects(connect(elsewhere), unverified);
  const network = createTlsNetwork({ source: new TestTls(nodeOf('c')), nameSuffix: '.disk.test' });
  await assert.rejects(network.connect('127.0.0.1', port, 60_000), /names no \.disk\.test/);
});

test('those that say nothing are few, and end', async (context) => {
  const { port, connect } = await served(context, { strangersMax: 2, handshakeTimeoutMs: 300 });
  const silent = Array.from({ length: 3 }, () => tcpConnect(port, '127.0.0.1'));
  await Promise.all(silent.map(closed));
  // There is room again, and who has shown himself takes none.
  for (let nth = 0; nth < 4; nth++) {
    assert.equal(await echoed(await connect(nodeOf('client')), 'hello'), 'hello');
  }
});

test('those that say nothing keep nobody out', async (context) => {
  const { port, connect } = await served(context, { strangersMax: 2, handshakeTimeoutMs: 600_000 });
  const silent: Socket[] = [];
  context.after(() => {
    for (const socket of silent) socket.destroy();
  });
  const ends: Promise<void>[] = [];
  for (let nth = 0; nth < 4; nth++) {
    const socket = tcpConnect(port, '127.0.0.1');
    silent.push(socket);
    ends.push(closed(socket));
    await once(socket, 'connect');
    assert.equal(await echoed(await connect(nodeOf('client')), 'hello'), 'hello');
  }
  // Whoever has waited longest has made room.
  await Promise.all(ends.slice(0, 2));
});

test('a newer certificate and another authority are taken without a pause', async (context) => {
  const { source, connect } = await served(context);
  const old = await connect(nodeOf('client'));
  assert.equal(await echoed(old, 'one'), 'one');
  const next = testAuthority('next');
  const authorities = authority.certificate + next.certificate;
  source.change({ ...testIdentity(next, 'server.node.test'), authorities });
  const both = { ...nodeOf('client'), authorities };
  const fresh = await connect(both);
  assert.equal(await echoed(fresh, 'two'), 'two');
  assert.equal(fresh.certified, 'server');
  assert.equal(await echoed(old, 'three'), 'three');
  await assert.rejects(connect(nodeOf('client')), unverified);
  source.change(testIdentity(next, 'server.node.test'));
  const refused = await until('the old authority is forgotten', async () => {
    const answer = await connect(both).then((connection) => echoed(connection, 'four'));
    return answer === 'closed' ? answer : undefined;
  });
  assert.equal(refused, 'closed');
});
