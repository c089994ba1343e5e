/**
 * A frame: a fixed binary prefix, a head packed with msgpack, a raw body.
 *
 *   0 magic u16 · 2 version u8 · 3 kind u8 · 4 call u32 · 8 head bytes u32 · 12 body bytes u32 ·
 *   16 milliseconds the caller will wait u32                                     (little endian)
 *
 * Prefix and head share one small buffer; the body's chunks follow it untouched.
 */
import { Packr, RESERVE_START_SPACE } from 'msgpackr';
import { DftfsError } from '#base/errors.ts';
import { frameBodyBytesMax } from '#base/limits.ts';

export const frameKinds = {
  hello: 1,
  proof: 2,
  refused: 3,
  request: 4,
  reply: 5,
  failure: 6,
  cancel: 7,
} as const;
export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];

export const prefixBytes = 20;
export const protocolVersion = 1;
/**
 * Heads are small as a rule; a page of names or a batch of operations on them may need this much.
 */
export const frameHeadBytesMax = 4 * 1024 * 1024;

const magic = 0xdf75;
const u32Max = 0xffff_ffff;

/** Plain maps and no shared state: a frame can be read without having seen those before it. */
const packr = new Packr({ useRecords: false });

/** What a connection accepts now; anything else ends it before a byte of it is kept. */
export interface Expectation {
  readonly kinds: readonly FrameKind[];
  readonly headBytesMax: number;
  readonly bodyBytesMax: number;
}

export const expectNothing: Expectation = { kinds: [], headBytesMax: 0, bodyBytesMax: 0 };
export const expectCalls: Expectation = {
  kinds: [frameKinds.request, frameKinds.cancel],
  headBytesMax: frameHeadBytesMax,
  bodyBytesMax: frameBodyBytesMax,
};
export const expectReplies: Expectation = {
  kinds: [frameKinds.reply, frameKinds.failure],
  headBytesMax: frameHeadBytesMax,
  bodyBytesMax: frameBodyBytesMax,
};

/** The packed head with room for the prefix before it. `sealFrame` makes it a frame. */
export function packFrame(head: unknown): Buffer {
  const frame = packr.pack(head, RESERVE_START_SPACE + prefixBytes);
  if (frame.length - prefixBytes > frameHeadBytesMax) {
    throw new DftfsError('invalid_message', `a head of ${frame.length} bytes is too large to send`);
  }
  return frame;
}

export function sealFrame(
  frame: Buffer,
  kind: FrameKind,
  call: number,
  bodyBytes: number,
  timeoutMs = 0,
): Buffer {
  frame.writeUInt16LE(magic, 0);
  frame[2] = protocolVersion;
  frame[3] = kind;
  frame.writeUInt32LE(call, 4);
  frame.writeUInt32LE(frame.length - prefixBytes, 8);
  frame.writeUInt32LE(bodyBytes, 12);
  frame.writeUInt32LE(Math.min(Math.max(Math.ceil(timeoutMs), 0), u32Max), 16);
  return frame;
}

/** A frame that is all prefix. */
export const bareFrame = (kind: FrameKind, call: number): Buffer =>
  sealFrame(Buffer.allocUnsafe(prefixBytes), kind, call, 0);

export interface Prefix {
  readonly kind: FrameKind;
  readonly call: number;
  readonly headBytes: number;
  readonly bodyBytes: number;
  readonly timeoutMs: number;
}

/** Throws `invalid_message` if the bytes aren't the prefix of a frame that is expected. */
export function readPrefix(bytes: Buffer, at: number, expected: Expectation): Prefix {
  const found = bytes.readUInt16LE(at);
  if (found !== magic) throw bad('these are not frames of this protocol');
  const version = bytes[at + 2];
  if (version !== protocolVersion) {
    throw bad(`it speaks version ${version} of the node protocol, this node ${protocolVersion}`);
  }
  const kind = bytes[at + 3] as FrameKind;
  if (!expected.kinds.includes(kind)) throw bad(`a frame of kind ${kind} is not expected now`);
  const headBytes = bytes.readUInt32LE(at + 8);
  if (headBytes > expected.headBytesMax) throw bad(`a head of ${headBytes} bytes is too large`);
  const bodyBytes = bytes.readUInt32LE(at + 12);
  if (bodyBytes > expected.bodyBytesMax) throw bad(`a body of ${bodyBytes} bytes is too large`);
  const call = bytes.readUInt32LE(at + 4);
  return { kind, call, headBytes, bodyBytes, timeoutMs: bytes.readUInt32LE(at + 16) };
}

const bad = (why: string): DftfsError => new DftfsError('invalid_message', why);

/** Unpacks the head that lies at `start` … `end` of `bytes`. */
export function unpackHead(bytes: Buffer, start: number, end: number): unknown {
  if (start === end) return undefined;
  try {
    return packr.unpack(bytes, { start, end });
  } catch (cause) {
    throw new DftfsError('invalid_message', 'the head of a frame is not msgpack', { cause });
  }
}
