/**
 * Cuts a byte stream into frames, whatever the chunks it comes in. Bodies are lists of views of
 * those chunks; only a head that spans chunks is copied. Lengths are checked before anything is
 * kept.
 */
import {
  checkHead,
  type Expectation,
  type Prefix,
  prefixBytes,
  readPrefix,
  unpackHead,
} from './frame.ts';
import type { Body } from './rpc.ts';

export class Frame {
  readonly prefix: Prefix;
  readonly body: Body;
  readonly #source: Buffer;
  readonly #start: number;

  constructor(prefix: Prefix, source: Buffer, start: number, body: Body) {
    this.prefix = prefix;
    this.body = body;
    this.#source = source;
    this.#start = start;
  }

  /** Throws `invalid_message`. */
  head(): unknown {
    return unpackHead(this.#source, this.#start, this.#start + this.prefix.headBytes);
  }

  headBytes(): Buffer {
    return this.#source.subarray(this.#start, this.#start + this.prefix.headBytes);
  }
}

const none = Buffer.alloc(0);

export class FrameParser {
  /** What the next frame may be. Changes between frames as the connection goes on. */
  expected: Expectation;
  readonly #onFrame: (frame: Frame) => void;
  readonly #partialPrefix = Buffer.alloc(prefixBytes);
  #partialBytes = 0;
  #prefix: Prefix | undefined;
  #head: Buffer = none;
  #headStart = 0;
  #headMissing = 0;
  #body: Buffer[] = [];
  #bodyMissing = 0;
  #stopped = false;

  constructor(expected: Expectation, onFrame: (frame: Frame) => void) {
    this.expected = expected;
    this.#onFrame = onFrame;
  }

  /** Nothing more is parsed, the rest of a chunk being pushed included. */
  stop(): void {
    this.#stopped = true;
    this.#body = [];
    this.#head = none;
  }

  /** Throws `invalid_message` on a bad frame; the stream can't be trusted after that. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      if (this.#prefix === undefined) at = this.#takePrefix(chunk, at);
      if (this.#headMissing > 0) at = this.#takeHead(chunk, at);
      if (this.#headMissing === 0 && this.#bodyMissing > 0) at = this.#takeBody(chunk, at);
      if (this.#headMissing === 0 && this.#bodyMissing === 0) this.#emit();
    }
  }

  #takePrefix(chunk: Buffer, at: number): number {
    let end = at + prefixBytes;
    if (this.#partialBytes === 0 && end <= chunk.length) {
      this.#begin(readPrefix(chunk, at, this.expected));
      return end;
    }
    end = Math.min(chunk.length, end - this.#partialBytes);
    this.#partialBytes += chunk.copy(this.#partialPrefix, this.#partialBytes, at, end);
    if (this.#partialBytes === prefixBytes) {
      this.#partialBytes = 0;
      this.#begin(readPrefix(this.#partialPrefix, 0, this.expected));
    }
    return end;
  }

  #begin(prefix: Prefix): void {
    this.#prefix = prefix;
    this.#headMissing = prefix.headBytes;
    this.#bodyMissing = prefix.bodyBytes;
    if (prefix.headBytes === 0) checkHead(prefix, none);
  }

  #takeHead(chunk: Buffer, at: number): number {
    const whole = this.#prefix?.headBytes ?? 0;
    const count = Math.min(this.#headMissing, chunk.length - at);
    if (count === 0) return at;
    if (count === whole) {
      this.#head = chunk;
      this.#headStart = at;
    } else {
      if (this.#headMissing === whole) this.#head = Buffer.allocUnsafe(whole);
      chunk.copy(this.#head, whole - this.#headMissing, at, at + count);
      this.#headStart = 0;
    }
    this.#headMissing -= count;
    if (this.#prefix !== undefined && this.#headMissing === 0) {
      checkHead(this.#prefix, this.#head.subarray(this.#headStart, this.#headStart + whole));
    }
    return at + count;
  }

  #takeBody(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#bodyMissing);
    if (end > at)
      this.#body.push(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
    this.#bodyMissing -= end - at;
    return end;
  }

  #emit(): void {
    const prefix = this.#prefix;
    if (prefix === undefined) return;
    const frame = new Frame(prefix, this.#head, this.#headStart, this.#body);
    this.#prefix = undefined;
    this.#head = none;
    this.#body = [];
    this.#onFrame(frame);
  }
}
