/**
 * A request's body as it comes: chunks by request, with back-pressure, counted. It ends only when
 * the whole body has arrived as announced; one cut short throws upload_incomplete.
 */
import { DftfsError } from '#base/errors.ts';
import type { DigestCheck } from './digests.ts';
import type { Exchange } from './exchange.ts';
import type { RequestHead } from './request-head.ts';

/** Chunks that wait for the taker, before the socket is paused. */
const queuedBytesMax = 256 * 1024;

export class RequestBody implements AsyncIterableIterator<Buffer> {
  readonly #exchange: Exchange;
  readonly #head: RequestHead;
  readonly #digests: DigestCheck | undefined;
  readonly #queue: Buffer[] = [];
  #queuedBytes = 0;
  #ended = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  constructor(exchange: Exchange, head: RequestHead, digests?: DigestCheck) {
    this.#exchange = exchange;
    this.#head = head;
    this.#digests = digests;
    const { request } = exchange;
    request.on('data', (chunk: Buffer) => this.#take(chunk));
    request.on('end', () => this.#end());
    // Follows every end, the good ones too; only before it, it is one.
    request.on('close', () => {
      if (!this.#ended) this.#fail(incomplete());
    });
    exchange.welcomeBody((error) => this.#fail(error));
  }

  /** Throws unless every byte announced has arrived and has the digests announced. */
  verify(): void {
    const { contentLength } = this.#head;
    const { bytesReceived, request } = this.#exchange;
    const short = contentLength !== undefined && contentLength !== bytesReceived;
    if (!request.complete || !this.#ended || short) throw incomplete();
    this.#digests?.verify();
  }

  async next(): Promise<IteratorResult<Buffer, undefined>> {
    while (true) {
      const chunk = this.#queue.shift();
      if (chunk !== undefined) return this.#give(chunk);
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return { done: true, value: undefined };
      await this.#arrival();
    }
  }

  /** The taker wants no more; whoever answers decides about the rest. */
  async return(): Promise<IteratorResult<Buffer, undefined>> {
    this.#queue.length = 0;
    this.#ended = true;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #give(chunk: Buffer): IteratorResult<Buffer, undefined> {
    this.#queuedBytes -= chunk.length;
    this.#digests?.update(chunk);
    if (this.#queue.length === 0 && this.#exchange.request.isPaused()) {
      this.#exchange.request.resume();
    }
    return { done: false, value: chunk };
  }

  async #arrival(): Promise<void> {
    this.#exchange.waiting = 'upload';
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#exchange.waiting === 'upload') this.#exchange.waiting = 'nothing';
  }

  #take(chunk: Buffer): void {
    this.#exchange.bytesReceived += chunk.length;
    this.#exchange.paceBytes += chunk.length;
    if (this.#ended) return;
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes > queuedBytesMax) this.#exchange.request.pause();
    this.#wake?.();
  }

  #end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#error ??= error;
    this.#wake?.();
  }
}

const incomplete = (): DftfsError =>
  new DftfsError('upload_incomplete', 'The body ended before it was whole; nothing was stored.');

/** All of a body of bounded size. Throws too_large. */
export async function collect(
  body: AsyncIterable<Buffer>,
  bytesMax: number,
  what: string,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bytesMax) {
      throw new DftfsError('too_large', `${what} may have at most ${bytesMax} bytes.`);
    }
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size);
}
