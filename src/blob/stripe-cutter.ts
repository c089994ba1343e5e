/** Cuts content into stripes. Each byte is copied once, into its stripe; small blobs not at all. */
import { crc32 } from 'node:zlib';
import { smallBlobBytesMax, stripeBytes } from '#base/limits.ts';
import { shardAlignmentBytes } from '#erasure/reed-solomon.ts';
import type { Body } from '#rpc/rpc.ts';
import type { BlobClass } from './width.ts';

/** Room for a stripe and the padding of its shards. */
export const stripeBufferBytes = stripeBytes + 32 * shardAlignmentBytes;

/** Stripe buffers to use again: fresh memory costs a page fault every 4 KiB. */
export class BufferPool {
  readonly #idle: Buffer[] = [];
  readonly #idleMax: number;

  constructor(idleMax: number) {
    this.#idleMax = idleMax;
  }

  take(): Buffer {
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(stripeBufferBytes);
  }

  give(buffer: Buffer): void {
    if (this.#idle.length < this.#idleMax) this.#idle.push(buffer);
  }
}

export interface StripeContent {
  readonly blobClass: BlobClass;
  readonly length: number;
  /** The stripe's bytes. */
  readonly body: Body;
  /** CRC of the body, if it is known already. */
  readonly crc: number | undefined;
  /** Of the pool, holding the body from its start, with room for padding; small blobs have none. */
  readonly buffer: Buffer | undefined;
}

/** Size and CRC of all content so far. */
export class Tally {
  size = 0;
  crc = 0;

  add(chunk: Buffer): void {
    this.size += chunk.length;
    this.crc = crc32(chunk, this.crc);
  }
}

/**
 * More chunks than this are copied together even in a small blob: each costs more than its bytes.
 */
const looseChunksMax = 32;

export async function* cutStripes(
  content: AsyncIterable<Buffer>,
  pool: BufferPool,
  tally: Tally,
): AsyncGenerator<StripeContent, void, undefined> {
  let loose: Buffer[] = [];
  let buffer: Buffer | undefined;
  let length = 0;
  const fill = function* (chunk: Buffer) {
    for (let rest = chunk; rest.length > 0; ) {
      buffer ??= pool.take();
      const copied = rest.copy(buffer, length, 0, Math.min(rest.length, stripeBytes - length));
      rest = rest.subarray(copied);
      length += copied;
      if (length < stripeBytes) continue;
      yield stripeIn('large', buffer, length);
      buffer = undefined;
      length = 0;
    }
  };
  for await (const chunk of content) {
    tally.add(chunk);
    if (!buffer && tally.size <= smallBlobBytesMax && loose.length < looseChunksMax) {
      loose.push(chunk);
      continue;
    }
    for (const early of loose) yield* fill(early);
    loose = [];
    yield* fill(chunk);
  }
  const blobClass = tally.size <= smallBlobBytesMax ? 'small' : 'large';
  if (buffer) yield stripeIn(blobClass, buffer, length);
  else if (loose.length > 0 && tally.size > 0) {
    yield { blobClass, length: tally.size, body: loose, crc: tally.crc, buffer: undefined };
  }
}

const stripeIn = (blobClass: BlobClass, buffer: Buffer, length: number): StripeContent => ({
  blobClass,
  length,
  body: [buffer.subarray(0, length)],
  crc: undefined,
  buffer,
});
