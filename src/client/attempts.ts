/**
 * Tries a request at one endpoint after another until it has a certain answer. What is tried
 * again is safe to repeat: a read, or a write with an idempotency key. A write that may have
 * happened somewhere and then found no answer is reported as such, never as a failure.
 */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  OutcomeUnknownError,
  type StorageError,
  storageError,
  UnavailableError,
} from './errors.ts';
import { type Request, SourceError, type Transport, TransportError } from './transport.ts';

export interface AttemptOptions {
  readonly triesMax: number;
  /** The wait after the first failure; doubled after each further one. */
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
}

export interface Operation extends Request {
  readonly path: string | undefined;
  readonly writes: boolean;
  /** False: its body can be sent only once. */
  readonly repeatable: boolean;
}

interface Failure {
  readonly message: string;
  readonly maybe: boolean;
  readonly cause?: unknown;
  readonly problem?: Problem;
}

interface Problem {
  readonly code?: string;
  readonly detail?: string;
  readonly outcome?: string;
  readonly path?: string;
  readonly requestId?: string;
}

const noSpace = 507;

export class Attempts {
  readonly #endpoints: readonly URL[];
  readonly #transport: Transport;
  readonly #options: AttemptOptions;
  /** The endpoint that answered last. */
  #preferred = 0;

  constructor(endpoints: readonly URL[], transport: Transport, options: AttemptOptions) {
    this.#endpoints = endpoints;
    this.#transport = transport;
    this.#options = options;
  }

  /** A successful answer, its body unread. Throws StorageError. */
  run(operation: Operation, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    return this.#repeat(operation, signal, async (response) => response);
  }

  /** The body of a successful answer. Throws StorageError. */
  whole(operation: Operation, bytesMax: number, signal: AbortSignal | undefined): Promise<Buffer> {
    return this.#repeat(operation, signal, (response) => readAll(response, bytesMax));
  }

  async #repeat<T>(
    operation: Operation,
    signal: AbortSignal | undefined,
    take: (response: IncomingMessage) => Promise<T>,
  ): Promise<T> {
    let maybe = false;
    for (let tries = 1; ; tries++) {
      const result = await this.#try(operation, signal, take);
      if ('taken' in result) return result.taken;
      maybe ||= result.maybe;
      if (tries >= this.#options.triesMax || !operation.repeatable) {
        throw gaveUp(operation, result, maybe);
      }
      await sleep(this.#pause(tries), undefined, signal ? { signal } : {});
    }
  }

  async #try<T>(
    operation: Operation,
    signal: AbortSignal | undefined,
    take: (response: IncomingMessage) => Promise<T>,
  ): Promise<Failure | { readonly taken: T }> {
    const index = this.#preferred;
    const endpoint = this.#endpoints[index] as URL;
    try {
      const response = await this.#transport.send(endpoint, operation, signal);
      const failure = await judge(response, operation);
      if (!failure) return { taken: await take(response) };
      this.#avoid(index);
      return failure;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof SourceError) throw error.cause;
      if (!(error instanceof TransportError)) throw error;
      this.#avoid(index);
      return { message: error.message, maybe: error.sent, cause: error } satisfies Failure;
    }
  }

  #avoid(index: number): void {
    if (this.#preferred === index) this.#preferred = (index + 1) % this.#endpoints.length;
  }

  /** With jitter, so that clients that failed together don't come back together. */
  #pause(tries: number): number {
    const { backoffMs, backoffMaxMs } = this.#options;
    return Math.min(backoffMaxMs, backoffMs * 2 ** (tries - 1)) * (0.5 + Math.random() / 2);
  }
}

/** Undefined: success. A failure that may pass is returned; a certain one is thrown. */
async function judge(response: IncomingMessage, { path }: Operation): Promise<Failure | undefined> {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return undefined;
  const problem = await readProblem(response);
  const message = problem.detail ?? `The server answered ${status}.`;
  const passing = status === 408 || status === 429 || (status >= 500 && status !== noSpace);
  if (passing) {
    const maybe = status >= 500 && problem.outcome !== 'none';
    return { message, maybe, problem };
  }
  const code = problem.code ?? (status === 404 ? 'path_not_found' : `http_${status}`);
  const { requestId } = problem;
  throw storageError(message, { code, status, path: problem.path ?? path, requestId });
}

function gaveUp({ writes, path }: Operation, last: Failure, maybe: boolean): StorageError {
  const { message, cause, problem } = last;
  const details = { path, cause, requestId: problem?.requestId };
  if (writes && maybe) {
    const text = `It isn't known whether this happened: ${message}`;
    return new OutcomeUnknownError(text, { ...details, code: 'outcome_unknown' });
  }
  return new UnavailableError(message, { ...details, code: problem?.code ?? 'unavailable' });
}

const problemBytesMax = 64 * 1024;

/** The body of an error answer, as far as there is one. */
async function readProblem(response: IncomingMessage): Promise<Problem> {
  try {
    const text = (await readAll(response, problemBytesMax)).toString();
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

async function readAll(response: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      size += (chunk as Buffer).length;
      if (size > bytesMax) throw new Error(`an answer of over ${bytesMax} bytes`);
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw new TransportError('The answer broke off.', true, error);
  }
  return Buffer.concat(chunks, size);
}
