/**
 * A frame: a fixed binary prefix, a head packed with msgpack, a raw body.
 *
 *   0 CRC-32 u32 of all that follows, up to the end of the head · 4 magic u16 · 6 version u8 ·
 *   7 kind u8 · 8 call u32 · 12 head bytes u32 · 16 body bytes u32 ·
 *   20 milliseconds the caller will wait u32                                     (little endian)
 *
 * Prefix and head share one small buffer; the body's chunks follow it untouched. A body that must
 * be right has its own CRC in the head: TCP's checksum lets damage through.
 */
import { crc32 } from 'node:zlib';
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

export const prefixBytes = 24;
export const protocolVersion = 1;
/**
 * Heads are small as a rule; a page of names or a batch of operations on them may need this much.
 */
export const frameHeadBytesMax = 4 * 1024 * 1024;

const magic = 0xdf75;
const crcBytes = 4;
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
  frame.writeUInt16LE(magic, 4);
  frame[6] = protocolVersion;
  frame[7] = kind;
  frame.writeUInt32LE(call, 8);
  frame.writeUInt32LE(frame.length - prefixBytes, 12);
  frame.writeUInt32LE(bodyBytes, 16);
  frame.writeUInt32LE(Math.min(Math.max(Math.ceil(timeoutMs), 0), u32Max), 20);
  frame.writeUInt32LE(crc32(frame.subarray(crcBytes)), 0);
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
  /** As sent, and of what has come so far: the head is still to be added. */
  readonly crc: number;
  readonly crcOfPrefix: number;
}

/** Throws `invalid_message` if the bytes aren't the prefix of a frame that is expected. */
export function readPrefix(bytes: Buffer, at: number, expected: Expectation): Prefix {
  const found = bytes.readUInt16LE(at + 4);
  if (found !== magic) throw bad('these are not frames of this protocol');
  const version = bytes[at + 6];
  if (version !== protocolVersion) {
    throw bad(`it speaks version ${version} of the node protocol, this node ${protocolVersion}`);
  }
  const kind = bytes[at + 7] as FrameKind;
  if (!expected.kinds.includes(kind)) throw bad(`a frame of kind ${kind} is not expected now`);
  const headBytes = bytes.readUInt32LE(at + 12);
  if (headBytes > expected.headBytesMax) throw bad(`a head of ${headBytes} bytes is too large`);
  const bodyBytes = bytes.readUInt32LE(at + 16);
  if (bodyBytes > expected.bodyBytesMax) throw bad(`a body of ${bodyBytes} bytes is too large`);
  return {
    kind,
    call: bytes.readUInt32LE(at + 8),
    headBytes,
    bodyBytes,
    timeoutMs: bytes.readUInt32LE(at + 20),
    crc: bytes.readUInt32LE(at),
    crcOfPrefix: crc32(bytes.subarray(at + crcBytes, at + prefixBytes)),
  };
}

/** Throws `invalid_message` if prefix and head aren't what was sent. */
export function checkHead({ crc, crcOfPrefix }: Prefix, head: Buffer): void {
  if (crc32(head, crcOfPrefix) !== crc) throw bad('a frame came damaged');
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
