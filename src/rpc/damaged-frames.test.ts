import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection, ConnectionHandlers } from '#io/network.ts';
import { createRpcClient } from './client.ts';
import { deps, far, identityOf, near, startClient, startServer } from './testing/pair.ts';

const soon = { timeoutMs: 20_000 };

test('damage to frames on the way never crashes, hangs or leaks into other calls', async (t) => {
  const server = await startServer(t, { echo: async (head, body) => ({ head, body }) });
  const random = lehmer(42);
  const damage = (part: Buffer): Buffer => {
    if (random() > 0.1) return part;
    const copy = Buffer.from(part);
    copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
    return copy;
  };
  let safeWrites = 0;
  const damaging = (connection: Connection): Connection => {
    // The handshake is two writes.
    safeWrites = 2;
    return {
      remote: connection.remote,
      get unsentBytes() {
        return connection.unsentBytes;
      },
      write: (parts) => {
        safeWrites -= 1;
        return connection.write(safeWrites >= 0 ? parts : parts.map(damage));
      },
      pause: () => connection.pause(),
      resume: () => connection.resume(),
      destroy: () => connection.destroy(),
      handle: (handlers: ConnectionHandlers) =>
        connection.handle({
          ...handlers,
          onData: (chunk) => handlers.onData(safeWrites >= 0 ? chunk : damage(chunk)),
        }),
    };
  };
  const network = {
    ...deps.network,
    connect: async (host: string, port: number, timeoutMs: number) =>
      damaging(await deps.network.connect(host, port, timeoutMs)),
  };
  const resolve = () => ({ host: '127.0.0.1', port: server.port });
  const client = createRpcClient({ ...deps, network }, { ...identityOf(near), resolve });
  t.after(() => client.close());
  const clean = startClient(t, server.port);
  let wrong = 0;
  for (let round = 0; round < 100; round += 1) {
    const request = {
      method: 'echo',
      head: { round, text: 'x'.repeat(50) },
      body: [Buffer.alloc(99)],
    };
    const calls = [1, 2, 3].map(() => client.call(far, request, { timeoutMs: 50 }));
    const results = await Promise.allSettled(calls);
    wrong += results.filter(({ status }) => status === 'rejected').length;
    const reply = await clean.call(far, request, soon);
    assert.deepEqual(reply.head, request.head);
  }
  assert.ok(wrong > 0, 'nothing was damaged');
});

function lehmer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
