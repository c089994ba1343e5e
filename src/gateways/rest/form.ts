/**
 * `application/x-www-form-urlencoded`, and the query of a URL: the same grammar. Values stay
 * bytes.
 */
import { DftfsError } from '#base/errors.ts';

export type Field = readonly [name: string, value: Buffer];

const broken = (): DftfsError =>
  new DftfsError('invalid_argument', "An argument holds a '%' without two hex digits after it.");

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as text. Throws invalid_argument. */
export function textOf(bytes: Buffer, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new DftfsError('invalid_argument', `${what} isn't valid UTF-8.`, { cause });
  }
}

/** `text`: one character a byte. */
export function parseForm(text: string): Field[] {
  const fields: Field[] = [];
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? '' : pair.slice(equals + 1);
    fields.push([textOf(decode(name), 'The name of an argument'), decode(value)]);
  }
  return fields;
}

function decode(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === 0x25) {
      bytes[length++] = escaped(text, at + 1);
      at += 2;
    } else bytes[length++] = byte === 0x2b ? 0x20 : byte;
  }
  return bytes.subarray(0, length);
}

const digits = /[0-9a-f]{2}/iy;

function escaped(text: string, at: number): number {
  digits.lastIndex = at;
  if (!digits.test(text)) throw broken();
  return Number.parseInt(text.slice(at, at + 2), 16);
}
