import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import { frameBodyBytesMax } from '#base/limits.ts';
import { bodyLength, pingMethod, type RpcHandlers } from './rpc.ts';
import { far, lines, startClient, startPair, startServer, until } from './testing/pair.ts';

const soon = { timeoutMs: 10_000 };

test('head and body arrive and come back', async (t) => {
  const { client } = await startPair(t, {
    echo: async (head, body, { peer }) => ({ head: { head, peer }, body }),
  });
  const head = {
    text: 'ü',
    bytes: Buffer.from([1, 2, 3]),
    list: [1, -1, 2 ** 40, null],
    yes: true,
  };
  const body = [Buffer.from('one'), Buffer.alloc(0), Buffer.from('two')];
  const reply = await client.call(far, { method: 'echo', head, body }, soon);
  assert.deepEqual(reply.head, { head, peer: 'near' });
  assert.equal(Buffer.concat(reply.body).toString(), 'onetwo');
  const bare = await client.call(far, { method: 'echo', head: undefined }, soon);
  assert.deepEqual(bare, { head: { head: undefined, peer: 'near' }, body: [] });
});

test('ping says which run of the process answers', async (t) => {
  const { client } = await startPair(t, {});
  assert.equal(client.incarnationOf(far), undefined);
  const { head } = await client.call(far, { method: pingMethod, head: {} }, soon);
  assert.deepEqual(head, { incarnation: 'far-1' });
  assert.equal(client.incarnationOf(far), 'far-1');
});

test('the largest body passes both ways, a larger one does not', async (t) => {
  const { client } = await startPair(t, {
    echo: async (_head, body) => ({ head: bodyLength(body), body }),
    swell: async (_head, body) => ({ head: 0, body: [...body, Buffer.alloc(1)] }),
  });
  const body = [Buffer.alloc(frameBodyBytesMax, 'abc')];
  const reply = await client.call(far, { method: 'echo', head: 0, body }, soon);
  assert.equal(reply.head, frameBodyBytesMax);
  assert.ok(Buffer.concat(reply.body).equals(body[0] as Buffer));
  await assert.rejects(client.call(far, { method: 'swell', head: 0, body }, soon), {
    code: 'internal',
  });
  const larger = [...body, Buffer.alloc(1)];
  await assert.rejects(client.call(far, { method: 'echo', head: 0, body: larger }, soon), {
    code: 'invalid_message',
    outcome: 'none',
  });
});

test('many calls at once keep their answers apart, and answers overtake each other', async (t) => {
  const gate = Promise.withResolvers<void>();
  const { client } = await startPair(t, {
    slow: async (head) => {
      await gate.promise;
      return { head };
    },
    fast: async (head, body) => ({ head, body }),
  });
  const slow = client.call(far, { method: 'slow', head: 'slow' }, soon);
  const numbers = Array.from({ length: 2_000 }, (_, i) => i);
  const replies = await Promise.all(
    numbers.map((i) =>
      client.call(far, { method: 'fast', head: i, body: [Buffer.alloc(i, i)] }, soon),
    ),
  );
  for (const i of numbers) {
    assert.equal(replies[i]?.head, i);
    assert.ok(Buffer.concat(replies[i]?.body ?? []).equals(Buffer.alloc(i, i)));
  }
  gate.resolve();
  assert.equal((await slow).head, 'slow');
});

test('an error keeps its code, outcome, detail and path', async (t) => {
  const handlers: RpcHandlers = {
    fail: async () => {
      throw new DftfsError('path_exists', 'It is there.', { path: '/a', outcome: 'done' });
    },
  };
  const server = await startServer(t, handlers);
  for (const client of [
    startClient(t, server.port),
    startClient(t, 0, { self: far, local: handlers }),
  ]) {
    await assert.rejects(client.call(far, { method: 'fail', head: 0 }, soon), (error: unknown) => {
      assert.ok(error instanceof DftfsError);
      const { code, outcome, message, path } = error;
      const expected = {
        code: 'path_exists',
        outcome: 'done',
        message: 'It is there.',
        path: '/a',
      };
      assert.deepEqual({ code, outcome, message, path }, expected);
      return true;
    });
  }
});

test('what a handler throws by mistake is logged there and is `internal` here', async (t) => {
  const { client } = await startPair(t, {
    bug: async () => {
      throw new Error('secret inner state');
    },
    unpackable: async () => ({
      get head() {
        throw new Error('secret inner state');
      },
    }),
    sync: () => {
      throw new Error('secret inner state');
    },
  });
  for (const method of ['bug', 'unpackable', 'sync']) {
    lines.length = 0;
    await assert.rejects(client.call(far, { method, head: 0 }, soon), (error: unknown) => {
      assert.ok(error instanceof DftfsError && error.code === 'internal');
      assert.ok(!error.message.includes('secret'));
      return true;
    });
    assert.ok(lines.some((line) => line.includes('secret inner state')));
  }
  await client.call(far, { method: pingMethod, head: {} }, soon);
});

test('methods that are not there are refused, inherited names included', async (t) => {
  const { client } = await startPair(t, {});
  for (const method of ['none', 'constructor', '__proto__', '']) {
    await assert.rejects(client.call(far, { method, head: 0 }, soon), {
      code: 'invalid_message',
      outcome: 'none',
    });
  }
});

test('calls to oneself take no socket', async (t) => {
  const head = { any: () => 'thing' };
  const body = [Buffer.from('x')];
  const client = startClient(t, 0, {
    self: far,
    local: { echo: async (given, bytes, { peer }) => ({ head: [given, peer], body: bytes }) },
  });
  const reply = await client.call(far, { method: 'echo', head, body }, soon);
  assert.deepEqual(reply.head, [head, far]);
  assert.equal(reply.body[0], body[0]);
  await client.call(far, { method: pingMethod, head: 0 }, soon);
});

test('dropping a peer ends its calls; the next call connects anew', async (t) => {
  let began = 0;
  const { client } = await startPair(t, {
    never: () => {
      began += 1;
      return new Promise(() => {});
    },
  });
  const call = client.call(far, { method: 'never', head: 0 }, soon);
  const ended = assert.rejects(call, { code: 'peer_unreachable', outcome: 'maybe' });
  await until(() => began === 1, 'the handler began');
  client.drop(far, 'it is suspected');
  await ended;
  await client.call(far, { method: pingMethod, head: 0 }, soon);
});

test('a closed client calls nobody', async (t) => {
  const { client } = await startPair(t, {});
  client.close();
  await assert.rejects(client.call(far, { method: pingMethod, head: 0 }, soon), {
    code: 'peer_unreachable',
    outcome: 'none',
  });
});

test('a closing server finishes what it has begun and refuses the rest', async (t) => {
  const gate = Promise.withResolvers<void>();
  let began = 0;
  const { client, server } = await startPair(t, {
    slow: async () => {
      began += 1;
      await gate.promise;
      return { head: 'done', body: [Buffer.alloc(100_000)] };
    },
  });
  const slow = client.call(far, { method: 'slow', head: 0 }, soon);
  await until(() => began === 1, 'the handler began');
  const closing = server.close();
  await assert.rejects(client.call(far, { method: 'slow', head: 0 }, soon), {
    code: 'peer_refused',
    outcome: 'none',
  });
  gate.resolve();
  assert.equal((await slow).head, 'done');
  await closing;
  await assert.rejects(client.call(far, { method: 'slow', head: 0 }, soon), {
    code: 'peer_unreachable',
  });
});
