import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Connection } from '#io/network.ts';
import { createRpcClient } from './client.ts';
import { pingMethod } from './rpc.ts';
import { deps, far, identityOf, near, startClient, startServer, until } from './testing/pair.ts';

const soon = { timeoutMs: 20_000 };
const ping = { method: pingMethod, head: 0 };
const KiB = 1024;

/** A server whose one handler waits; what it holds can be seen. */
async function startGated(t: TestContext, limits: object) {
  const gate = Promise.withResolvers<void>();
  const state = { underWay: 0, most: 0, order: [] as unknown[] };
  const server = await startServer(
    t,
    {
      wait: async (head) => {
        state.order.push(head);
        state.underWay += 1;
        state.most = Math.max(state.most, state.underWay);
        await gate.promise;
        state.underWay -= 1;
        return { head };
      },
    },
    { limits },
  );
  return { server, state, open: gate.resolve };
}

test('bytes in flight to a peer are bounded; calls wait their turn in order', async (t) => {
  const { server, state, open } = await startGated(t, {});
  const client = startClient(t, server.port, { limits: { bytesInFlightMax: 100 * KiB } });
  await client.call(far, ping, soon);
  const body = [Buffer.alloc(30 * KiB)];
  const heads = Array.from({ length: 20 }, (_, i) => i);
  const calls = heads.map((head) => client.call(far, { method: 'wait', head, body }, soon));
  await until(() => state.underWay === 3, 'the window is used');
  const late = client.call(far, { method: 'wait', head: 'late', body }, { timeoutMs: 20 });
  await assert.rejects(late, { code: 'deadline_exceeded', outcome: 'none' });
  assert.equal(state.most, 3);
  open();
  await Promise.all(calls);
  assert.deepEqual(state.order, heads);
});

test('calls to a peer are bounded: the next is told so', async (t) => {
  const { server, open } = await startGated(t, {});
  const client = startClient(t, server.port, { limits: { callsMax: 10 } });
  const request = { method: 'wait', head: 0 };
  const calls = Array.from({ length: 10 }, () => client.call(far, request, soon));
  await assert.rejects(client.call(far, request, soon), { code: 'overloaded', outcome: 'none' });
  open();
  await Promise.all(calls);
  await client.call(far, request, soon);
});

test('calls to oneself are bounded too', async (t) => {
  const gate = Promise.withResolvers<{ head: number }>();
  const local = { wait: () => gate.promise };
  const client = startClient(t, 0, { self: far, local, limits: { callsMax: 2 } });
  const request = { method: 'wait', head: 0 };
  const calls = [client.call(far, request, soon), client.call(far, request, soon)];
  await assert.rejects(client.call(far, request, soon), { code: 'overloaded' });
  gate.resolve({ head: 1 });
  await Promise.all(calls);
  await client.call(far, request, soon);
});

test('a server begins no more calls of a peer than allowed, and all in the end', async (t) => {
  const { server, state, open } = await startGated(t, { handlersMax: 4 });
  const client = startClient(t, server.port);
  const calls = Array.from({ length: 500 }, (_, head) =>
    client.call(far, { method: 'wait', head }, soon),
  );
  await until(() => state.underWay === 4, 'the handlers are busy');
  open();
  await Promise.all(calls);
  assert.equal(state.most, 4);
});

test('a server stops reading what it can not hold', async (t) => {
  const { server, state, open } = await startGated(t, { bufferedBytesMax: 1024 * KiB });
  const client = startClient(t, server.port, { limits: { bytesInFlightMax: 64 * 1024 * KiB } });
  const body = [Buffer.alloc(1024 * KiB)];
  const calls = Array.from({ length: 30 }, (_, head) =>
    client.call(far, { method: 'wait', head, body }, soon),
  );
  await until(() => state.underWay > 0, 'a body is held');
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(state.most <= 2);
  open();
  await Promise.all(calls);
});

test('a reader that does not read makes the server stop, not swell', async (t) => {
  const reply = Buffer.alloc(1024 * KiB);
  let handled = 0;
  const server = await startServer(
    t,
    {
      read: async () => {
        handled += 1;
        return { head: 0, body: [reply] };
      },
    },
    { limits: { bufferedBytesMax: 4 * 1024 * KiB, handlersMax: 4 } },
  );
  let connection: Connection | undefined;
  const network = {
    ...deps.network,
    connect: async (host: string, port: number, timeoutMs: number) => {
      connection = await deps.network.connect(host, port, timeoutMs);
      return connection;
    },
  };
  const resolve = () => ({ host: '127.0.0.1', port: server.port });
  const client = createRpcClient({ ...deps, network }, { ...identityOf(near), resolve });
  t.after(() => client.close());
  await client.call(far, ping, soon);
  connection?.pause();
  const calls = Array.from({ length: 200 }, () =>
    client.call(far, { method: 'read', head: 0 }, soon),
  );
  await until(() => handled > 0, 'the server answers');
  let before = -1;
  while (before !== handled) {
    before = handled;
    await new Promise((done) => setTimeout(done, 50));
  }
  // Four MiB unsent, four handlers at work, and what the kernel takes.
  assert.ok(handled < 60, `${handled} answers are under way`);
  connection?.resume();
  await Promise.all(calls);
  assert.equal(handled, 200);
});
