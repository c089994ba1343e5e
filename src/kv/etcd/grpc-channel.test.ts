import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createNodeTimers } from '#io/node/timers.ts';
import { GrpcFailure, grpcStatus } from './grpc-call.ts';
import { GrpcChannel } from './grpc-channel.ts';
import { framePrefixBytes } from './protobuf.ts';

type Handler = (stream: http2.ServerHttp2Stream) => void;

const timeoutMs = 5000;
const request = (text = 'hello') =>
  Buffer.concat([Buffer.alloc(framePrefixBytes), Buffer.from(text)]);

function frame(text: string): Buffer {
  const message = request(text);
  message.writeUInt32BE(text.length, 1);
  return message;
}

/** Answers with these chunks and status. */
const answer =
  (chunks: readonly Buffer[], status = '0'): Handler =>
  (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
  };

describe('GrpcChannel', () => {
  let server: http2.Http2Server;
  let channel: GrpcChannel;
  let handle: Handler;
  const sessions = new Set<http2.ServerHttp2Session>();

  beforeEach(async () => {
    server = http2.createServer();
    server.on('session', (session) => sessions.add(session));
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      handle(stream);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    channel = new GrpcChannel(
      { timers: createNodeTimers() },
      { endpoint: `http://127.0.0.1:${port}`, metadata: { some: 'thing' } },
    );
  });

  afterEach(() => {
    channel.close();
    for (const session of sessions) session.destroy();
    sessions.clear();
    server.close();
  });

  const call = (options: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
    channel.unary('/a.Service/Method', request(), { timeoutMs, ...options });

  async function failure(promise: Promise<unknown>): Promise<GrpcFailure> {
    const error = await promise.then(
      () => assert.fail('it did not fail'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof GrpcFailure, String(error));
    return error;
  }

  it('sends a framed message and takes the reply', async () => {
    const seen: unknown[] = [];
    handle = (stream) => {
      stream.once('data', (chunk: Buffer) => {
        seen.push(chunk);
        answer([frame('world')])(stream);
      });
    };
    server.once('stream', (_, headers) => seen.push(headers[':path'], headers.some));
    assert.equal((await call()).toString(), 'world');
    assert.deepEqual(seen, ['/a.Service/Method', 'thing', frame('hello')]);
  });

  it('puts messages together from any pieces', async () => {
    const bytes = Buffer.concat([frame('one'), frame(''), frame('three')]);
    const pieces = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
    for (const chunks of [pieces, [bytes], [bytes.subarray(0, 7), bytes.subarray(7)]]) {
      handle = answer(chunks);
      const messages: string[] = [];
      await new Promise((resolve) =>
        channel.stream('/a.Service/Stream', request(), {
          onMessage: (message) => messages.push(message.toString()),
          onEnd: resolve,
        }),
      );
      assert.deepEqual(messages, ['one', '', 'three']);
    }
  });

  it('tells the status and the text of a failure', async () => {
    handle = (stream) =>
      stream.respond(
        { ':status': 200, 'grpc-status': '14', 'grpc-message': 'etcdserver: no%20leader' },
        { endStream: true },
      );
    const { status, message, sent } = await failure(call());
    assert.deepEqual([status, message, sent], [14, 'etcdserver: no leader', true]);
  });

  it('outlives a connection that is dropped in the moment that it is made', async () => {
    handle = answer([frame('world')]);
    const dropWhenMade = (message: unknown) => {
      const { socket } = message as { socket: Socket };
      // Behind the listener that has the session set up, and before it tells of it.
      process.nextTick(() => socket.once('connect', () => channel.disconnect()));
    };
    subscribe('net.client.socket', dropWhenMade);
    const { status, sent } = await failure(call()).finally(() =>
      unsubscribe('net.client.socket', dropWhenMade),
    );
    assert.deepEqual([status, sent], [grpcStatus.unavailable, false]);
    assert.equal((await call()).toString(), 'world');
  });

  it('does not choke on what is no gRPC', async () => {
    const strange: Handler[] = [
      (stream) => stream.respond({ ':status': 404 }, { endStream: true }),
      (stream) => stream.respond({ ':status': 200 }, { endStream: true }),
      (stream) =>
        stream.respond({ 'grpc-status': '2', 'grpc-message': '%zz' }, { endStream: true }),
      answer([]),
      answer([Buffer.from([0, 0xff, 0xff, 0xff, 0xff])]),
      (stream) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR),
    ];
    for (handle of strange) assert.equal((await failure(call())).sent, true);
    handle = answer([frame('fine')]);
    assert.equal((await call()).toString(), 'fine');
  });

  it('ends a call without a reply in time, and one that is aborted', async () => {
    handle = () => {};
    const late = await failure(call({ timeoutMs: 1000 }));
    assert.deepEqual([late.status, late.sent], [grpcStatus.deadlineExceeded, true]);
    const giveUp = new AbortController();
    handle = () => giveUp.abort();
    const aborted = await failure(call({ signal: giveUp.signal }));
    assert.deepEqual([aborted.status, aborted.sent], [grpcStatus.canceled, true]);
    const never = await failure(call({ signal: AbortSignal.abort() }));
    assert.equal(never.status, grpcStatus.canceled);
  });

  it('knows that a refused connection or stream reached nobody', async () => {
    handle = (stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
    assert.equal((await failure(call())).sent, false);
    channel.disconnect();
    server.close();
    for (const session of sessions) session.destroy();
    await once(server, 'close');
    const { status, sent } = await failure(call());
    assert.deepEqual([status, sent], [grpcStatus.unavailable, false]);
    server = http2.createServer();
  });

  it('fails what is in flight when the connection is lost, and connects anew', async () => {
    handle = (stream) => stream.session?.destroy();
    assert.equal((await failure(call())).sent, true);
    handle = answer([frame('again')]);
    assert.equal((await call()).toString(), 'again');
    assert.equal(sessions.size, 2);
  });

  it('lets calls end on a connection that the server leaves, and makes another', async () => {
    const held: http2.ServerHttp2Stream[] = [];
    handle = (stream) => {
      held.push(stream);
      stream.session?.goaway();
      stream.session?.ping(() => answered.resolve());
    };
    const answered = Promise.withResolvers<void>();
    const first = call();
    await answered.promise;
    handle = answer([frame('second')]);
    assert.equal((await call()).toString(), 'second');
    answer([frame('first')])(held[0] as http2.ServerHttp2Stream);
    assert.equal((await first).toString(), 'first');
    assert.equal(sessions.size, 2);
  });

  it('ends everything when closed', async () => {
    handle = (stream) => stream.respond({ ':status': 200 });
    const ended = new Promise((resolve) =>
      channel.stream('/a.Service/Stream', request(), { onMessage: () => {}, onEnd: resolve }),
    );
    const open = call();
    await once(server, 'stream');
    channel.close();
    await ended;
    await failure(open);
    assert.equal((await failure(call())).sent, false);
  });
});
