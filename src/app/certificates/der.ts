/** DER, as much of it as certificates are written in. Nothing here reads any. Pure. */
const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

export function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const digits = bytesOf(length);
  return Buffer.from([0x80 | digits.length, ...digits]);
}

function bytesOf(number: number): number[] {
  return number < 0x100 ? [number] : [...bytesOf(Math.floor(number / 0x100)), number % 0x100];
}

export const sequence = (...parts: readonly Buffer[]): Buffer => tagged(tags.sequence, ...parts);
export const set = (...parts: readonly Buffer[]): Buffer => tagged(tags.set, ...parts);
export const octets = (content: Buffer): Buffer => tagged(tags.octetString, content);
export const utf8 = (text: string): Buffer => tagged(tags.utf8, Buffer.from(text));
export const truth: Buffer = tagged(tags.boolean, Buffer.from([0xff]));

/** `unusedBits` at the end don't count. */
export const bits = (content: Buffer, unusedBits = 0): Buffer =>
  tagged(tags.bitString, Buffer.from([unusedBits]), content);

/** Unsigned, the first byte being the highest. */
export function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const short = first < 0 ? Buffer.from([0]) : bytes.subarray(first);
  const sign = (short[0] as number) >= 0x80 ? [0] : [];
  return tagged(tags.integer, Buffer.from(sign), short);
}

export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  return tagged(tags.objectId, Buffer.from([40 * first + second, ...others.flatMap(base128)]));
}

function base128(number: number): number[] {
  const digits = [number % 0x80];
  for (let left = Math.floor(number / 0x80); left > 0; left = Math.floor(left / 0x80)) {
    digits.unshift(0x80 | (left % 0x80));
  }
  return digits;
}

/** To the second. Years before 2050 have two digits. */
export function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return Number(digits.slice(0, 4)) < 2050
    ? tagged(tags.utcTime, Buffer.from(digits.slice(2)))
    : tagged(tags.generalizedTime, Buffer.from(digits));
}

/** In a field of its own number, as it is or in place of its own tag. */
export const explicit = (field: number, content: Buffer): Buffer => tagged(0xa0 | field, content);
export const implicit = (field: number, content: Buffer): Buffer => tagged(0x80 | field, content);
