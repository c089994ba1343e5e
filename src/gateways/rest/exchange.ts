/**
 * One request and its one answer. It knows whether the body has been read, so that an answer
 * given too early closes the connection; it ends the work when the client goes; and what it waits
 * for from the client, the watchdog can see.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Identity } from '#access/rights.ts';
import type { Span } from '#observe/span.ts';
import type { ByteBudget } from './byte-budget.ts';
import { problemAnswer, problemCodeOf, problemType } from './problem.ts';

/** What of the client this exchange waits for now. */
export type Waiting = 'nothing' | 'upload' | 'download' | 'goodbye';

type Headers = readonly string[];

export interface ExchangeOptions {
  readonly id: string;
  readonly startedAt: number;
  /** The client waits for '100 Continue' before it sends the body. */
  readonly expectsContinue: boolean;
}

export class Exchange {
  readonly id: string;
  readonly startedAt: number;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** For the metrics and the log. */
  operation = 'unrouted';
  /** The path that its target names, whatever that is of. */
  asked: string | undefined;
  /** What the request is about, for errors that don't say it. */
  path: string | undefined;
  /** Known to come without body: nothing has to be read before an answer. */
  bodyless = false;
  bytesReceived = 0;
  bytesSent = 0;
  status = 0;
  /** Code of the problem that it ended with. */
  problem: string | undefined;
  /** Whose request it is; undefined: anybody's. */
  identity: Identity | undefined;
  /** Undefined: no trace is kept of it. */
  span: Span | undefined;
  waiting: Waiting = 'nothing';
  /** Bytes and time of the window over which the client's pace is judged. */
  paceBytes = 0;
  paceMs = 0;
  readonly #budget: ByteBudget;
  #gone: AbortController | undefined;
  /** Before it was known whose request it is, and since. */
  #reserved = 0;
  #reservedAsHolder = 0;
  #closed = false;
  /** Closed before the answer was out. */
  #left = false;
  #continue: boolean;
  #broken: unknown;
  #onBroken: ((error: unknown) => void) | undefined;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    budget: ByteBudget,
    options: ExchangeOptions,
  ) {
    this.request = request;
    this.response = response;
    this.#budget = budget;
    this.id = options.id;
    this.startedAt = options.startedAt;
    this.#continue = options.expectsContinue;
  }

  /** Aborts when the client has gone before it had its answer. */
  get signal(): AbortSignal {
    // Made when first asked for: much that is answered at once never asks.
    this.#gone ??= new AbortController();
    if (this.#left) this.#gone.abort();
    return this.#gone.signal;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get answered(): boolean {
    return this.status !== 0;
  }

  /** Room for bytes in memory until it is over. Throws overloaded, too_many_requests. */
  reserve(bytes: number): void {
    const holder = this.identity?.id;
    this.#budget.take(bytes, holder);
    if (holder === undefined) this.#reserved += bytes;
    else this.#reservedAsHolder += bytes;
  }

  /** The connection has ended, or the answer has been sent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#budget.give(this.#reserved);
    this.#budget.give(this.#reservedAsHolder, this.identity?.id);
    this.#left = !this.response.writableFinished;
    if (this.#left) this.#gone?.abort();
  }

  /** The body is wanted now: a client that waits for permission gets it. */
  welcomeBody(onBroken: (error: unknown) => void): void {
    if (this.#broken !== undefined) throw this.#broken;
    this.#onBroken = onBroken;
    if (!this.#continue) return;
    this.#continue = false;
    this.response.writeContinue();
  }

  /** The rest of the body will never come, or not as it must: `error` is the answer. */
  breakBody(error: unknown): void {
    this.#broken ??= error;
    this.#onBroken?.(error);
    this.fail(error);
  }

  /** One answer, whole. */
  respond(status: number, headers: Headers, body: Buffer | string): void {
    if (!this.#begin(status)) return;
    this.bytesSent += Buffer.byteLength(body);
    const whole = [...headers, 'Content-Length', String(Buffer.byteLength(body))];
    if (this.#bodyPending()) this.#respondAndPart(whole, body);
    else this.#writeHead(whole).end(body);
  }

  /** The head of an answer whose body the caller sends. */
  begin(status: number, headers: Headers): ServerResponse | undefined {
    if (!this.#begin(status)) return undefined;
    const parting = this.#bodyPending() ? ['Connection', 'close'] : [];
    return this.#writeHead([...headers, ...parting]);
  }

  /** Resolves when the client is ready for more, or has gone. */
  async write(response: ServerResponse, chunk: Buffer): Promise<void> {
    this.bytesSent += chunk.length;
    if (response.write(chunk)) return;
    this.waiting = 'download';
    await drained(response);
    if (this.waiting === 'download') this.waiting = 'nothing';
    this.paceBytes += chunk.length;
  }

  /** An error as a problem document; if part of an answer has been sent, a cut connection. */
  fail(error: unknown): void {
    if (this.#closed) return;
    this.problem ??= problemCodeOf(this.#broken ?? error);
    if (this.answered) {
      if (!this.response.writableEnded && this.waiting !== 'goodbye') this.response.destroy();
      return;
    }
    const { status, headers, body } = problemAnswer(this.#broken ?? error, this.id, this.path);
    this.respond(status, [...problemType, ...headers], `${JSON.stringify(body)}\n`);
  }

  #begin(status: number): boolean {
    if (this.#closed || this.answered || this.response.destroyed) return false;
    this.status = status;
    return true;
  }

  #writeHead(headers: string[]): ServerResponse {
    headers.push('X-Request-Id', this.id);
    return this.response.writeHead(this.status, headers);
  }

  #bodyPending(): boolean {
    return !this.bodyless && !this.request.complete;
  }

  /**
   * Closing a connection on unread bytes resets it, and the reset may overtake the answer. So the
   * answer goes out, our side is closed, and what still comes is thrown away for a while.
   */
  #respondAndPart(headers: string[], body: Buffer | string): void {
    headers.push('Connection', 'close');
    const response = this.#writeHead(headers);
    if (this.#continue || this.#broken !== undefined) {
      response.end(body);
      return;
    }
    this.waiting = 'goodbye';
    this.paceMs = 0;
    const { request } = this;
    request.removeAllListeners('data');
    request.once('end', () => response.end());
    // At once and whole: Node destroys a connection that seems to ask for another protocol.
    request.socket.cork();
    response.flushHeaders();
    response.write(body, () => request.socket.end());
    request.socket.uncork();
    request.resume();
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
    if (response.destroyed) done();
  });
}
