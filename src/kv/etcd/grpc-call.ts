/** One gRPC call on an HTTP/2 stream: collects messages and the status, and ends exactly once. */
import * as http2 from 'node:http2';
import { framePrefixBytes } from './protobuf.ts';

/** What a failed call says: gRPC's status (or one of ours below), and whether it was sent. */
export class GrpcFailure extends Error {
  override readonly name = 'GrpcFailure';
  readonly status: number;
  readonly sent: boolean;

  constructor(status: number, message: string, sent: boolean) {
    super(message);
    this.status = status;
    this.sent = sent;
  }
}

export const grpcStatus = {
  ok: 0,
  canceled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unavailable: 14,
} as const;

export interface StreamHandlers {
  onMessage(message: Buffer): void;
  /** Once. Undefined: the server ended the stream in order. */
  onEnd(failure: GrpcFailure | undefined): void;
}

const messageBytesMax = 64 * 1024 * 1024;

export class GrpcCall {
  readonly #handlers: StreamHandlers;
  #stream: http2.ClientHttp2Stream | undefined;
  #partial: Buffer[] = [];
  #partialBytes = 0;
  #needed = framePrefixBytes;
  ended = false;

  constructor(handlers: StreamHandlers) {
    this.#handlers = handlers;
  }

  attach(stream: http2.ClientHttp2Stream): void {
    this.#stream = stream;
    stream.on('response', (headers) => this.#status(headers));
    stream.on('trailers', (trailers) => this.#status(trailers));
    stream.on('data', (chunk: Buffer) => this.#data(chunk));
    stream.on('error', () => {});
    stream.on('close', () => {
      if (this.ended) return;
      if (stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM)
        this.#finish(new GrpcFailure(grpcStatus.unavailable, 'refused by the server', false));
      else this.#finish(new GrpcFailure(grpcStatus.unavailable, 'the connection was lost', true));
    });
  }

  send(message: Buffer, last: boolean): void {
    if (last) this.#stream?.end(message);
    else this.#stream?.write(message);
  }

  /** Ends the call from this side. */
  end(status: number, reason: string): void {
    const stream = this.#stream;
    this.#finish(new GrpcFailure(status, reason, stream !== undefined));
    stream?.close(http2.constants.NGHTTP2_CANCEL);
  }

  #status(headers: http2.IncomingHttpHeaders): void {
    const http = headers[':status'];
    if (http !== undefined && Number(http) !== 200)
      this.#finish(new GrpcFailure(grpcStatus.unknown, `HTTP status ${http}`, true));
    const status = headers['grpc-status'];
    if (status === '0') this.#finish(undefined);
    else if (status !== undefined)
      this.#finish(new GrpcFailure(Number(status), failureText(headers['grpc-message']), true));
  }

  #data(chunk: Buffer): void {
    if (this.ended) return;
    this.#partial.push(chunk);
    this.#partialBytes += chunk.length;
    if (this.#partialBytes < this.#needed) return;
    let rest = this.#partial.length === 1 ? chunk : Buffer.concat(this.#partial);
    while (rest.length >= framePrefixBytes) {
      const bytes = rest.readUInt32BE(1);
      if (bytes > messageBytesMax) {
        this.end(grpcStatus.resourceExhausted, `a reply of ${bytes} bytes is too large`);
        return;
      }
      this.#needed = framePrefixBytes + bytes;
      if (rest.length < this.#needed) break;
      this.#handlers.onMessage(rest.subarray(framePrefixBytes, this.#needed));
      rest = rest.subarray(this.#needed);
      this.#needed = framePrefixBytes;
    }
    this.#partial = rest.length === 0 ? [] : [rest];
    this.#partialBytes = rest.length;
  }

  #finish(failure: GrpcFailure | undefined): void {
    if (this.ended) return;
    this.ended = true;
    this.#partial = [];
    this.#handlers.onEnd(failure);
  }
}

/** The text is percent-encoded, if the server keeps to the rules. */
function failureText(text: string | string[] | undefined): string {
  try {
    return decodeURIComponent(String(text ?? ''));
  } catch {
    return String(text);
  }
}
