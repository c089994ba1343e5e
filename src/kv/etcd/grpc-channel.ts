/**
 * gRPC to one server over one HTTP/2 connection: unary calls and streams of ready-made messages.
 *
 * It promises to say of every failure whether the request can have reached the server (`sent`), to
 * end every call within its time, and never to retry by itself. The connection is made when first
 * needed and again after it was lost.
 */
import * as http2 from 'node:http2';
import type { TlsSource } from '#io/tls.ts';
import type { Timers } from '#io/world.ts';
import { GrpcCall, GrpcFailure, grpcStatus, type StreamHandlers } from './grpc-call.ts';
import { framePrefixBytes } from './protobuf.ts';

export interface GrpcDeps {
  readonly timers: Timers;
  /** What is shown to an https endpoint, and who may have signed what it shows. */
  readonly tls?: TlsSource | undefined;
}

export interface GrpcStream {
  cancel(): void;
}

const mebibyte = 1024 * 1024;
/** A response may be as large as a full page of the largest records, many at once. */
const streamWindowBytes = 8 * mebibyte;
const connectionWindowBytes = 64 * mebibyte;

export class GrpcChannel {
  readonly endpoint: string;
  readonly #timers: Timers;
  readonly #tls: TlsSource | undefined;
  readonly #metadata: http2.OutgoingHttpHeaders;
  #session: http2.ClientHttp2Session | undefined;
  /**
   * All that aren't closed: the one in use, one being made, and those that the server is leaving.
   */
  readonly #sessions = new Set<http2.ClientHttp2Session>();
  #connecting: Promise<http2.ClientHttp2Session> | undefined;
  #closed = false;

  /** `endpoint` is an http URL, or https with `tls`. */
  constructor(deps: GrpcDeps, options: { endpoint: string; metadata?: Record<string, string> }) {
    this.#timers = deps.timers;
    this.#tls = deps.tls;
    this.endpoint = options.endpoint;
    this.#metadata = {
      ':method': 'POST',
      'content-type': 'application/grpc',
      te: 'trailers',
      ...options.metadata,
    };
  }

  /** `message` leaves its first five bytes free for the frame header. */
  unary(
    method: string,
    message: Buffer,
    options: { timeoutMs: number; signal?: AbortSignal | undefined },
  ): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let response: Buffer | undefined;
      const onAbort = () => call.end(grpcStatus.canceled, 'canceled by the caller');
      const timer = this.#timers.after(options.timeoutMs, () =>
        call.end(grpcStatus.deadlineExceeded, `no reply within ${Math.ceil(options.timeoutMs)} ms`),
      );
      const call = this.#start(method, message, true, {
        onMessage: (received) => {
          response = received;
        },
        onEnd: (failure) => {
          timer.cancel();
          options.signal?.removeEventListener('abort', onAbort);
          if (failure !== undefined) reject(failure);
          else if (response === undefined)
            reject(new GrpcFailure(grpcStatus.unknown, 'no response', true));
          else resolve(response);
        },
      });
      if (options.signal?.aborted) onAbort();
      else options.signal?.addEventListener('abort', onAbort);
    });
  }

  /** Sends one message and takes what comes, until either side ends it. */
  stream(method: string, message: Buffer, handlers: StreamHandlers): GrpcStream {
    const call = this.#start(method, message, false, handlers);
    return { cancel: () => call.end(grpcStatus.canceled, 'closed') };
  }

  /** Drops the connection; whatever is in flight fails. The next call connects anew. */
  disconnect(): void {
    this.#session = undefined;
    for (const session of this.#sessions) session.destroy();
  }

  close(): void {
    this.#closed = true;
    this.disconnect();
  }

  #start(method: string, message: Buffer, half: boolean, handlers: StreamHandlers): GrpcCall {
    const call = new GrpcCall(handlers);
    message.writeUInt8(0, 0);
    message.writeUInt32BE(message.length - framePrefixBytes, 1);
    const send = (session: http2.ClientHttp2Session) => {
      if (call.ended) return;
      call.attach(session.request({ ...this.#metadata, ':path': method }));
      call.send(message, half);
    };
    const notSent = (error: Error) =>
      call.end(grpcStatus.unavailable, `can't reach ${this.endpoint}: ${error.message}`);
    if (this.#session === undefined) this.#connect().then(send).catch(notSent);
    else
      try {
        send(this.#session);
      } catch (error) {
        // Handlers are never called before the caller has the call in hand.
        queueMicrotask(() => notSent(error as Error));
      }
    return call;
  }

  #material(): http2.SecureClientSessionOptions {
    if (this.#tls === undefined) return {};
    const { authorities, certificate, key } = this.#tls.current;
    return { ca: authorities, cert: certificate, key, minVersion: 'TLSv1.3' };
  }

  #connect(): Promise<http2.ClientHttp2Session> {
    this.#connecting ??= new Promise<http2.ClientHttp2Session>((resolve, reject) => {
      if (this.#closed) throw new Error('closed');
      const session = http2.connect(this.endpoint, {
        ...this.#material(),
        settings: { enablePush: false, initialWindowSize: streamWindowBytes },
      });
      this.#sessions.add(session);
      session.once('connect', () => {
        // It may be over as soon as it has begun: then 'close' follows.
        if (session.destroyed) return;
        session.setLocalWindowSize(connectionWindowBytes);
        this.#session = session;
        resolve(session);
      });
      const lost = (error?: Error) => {
        if (this.#session === session) this.#session = undefined;
        reject(error ?? new Error('connection closed'));
      };
      session.on('error', lost);
      session.on('close', () => {
        this.#sessions.delete(session);
        lost();
      });
      session.on('goaway', () => {
        if (this.#session === session) this.#session = undefined;
      });
    }).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }
}
