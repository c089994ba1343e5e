/** Bodies of files: each made again from its number and size, so that any byte of it is known. */
import { crc32 } from 'node:zlib';
import { Dice } from './world/dice.ts';

const poolBytes = 4 * 1024 * 1024;
const stampEveryBytes = 4096;
let pool: Buffer | undefined;

export interface Content {
  readonly number: number;
  readonly size: number;
  /** How a history names it. */
  readonly value: string;
  readonly bytes: () => Buffer;
}

export const contentName = (size: number, crc: number): string => `${size}:${crc.toString(16)}`;

export function contentOf(number: number, size: number): Content {
  const bytes = () => bytesOf(number, size);
  return { number, size, value: contentName(size, crc32(bytes())), bytes };
}

function bytesOf(number: number, size: number): Buffer {
  pool ??= new Dice(1).bytes(poolBytes);
  const from = (number * 7919) % (poolBytes - size);
  const bytes = Buffer.from(pool.subarray(from, from + size));
  for (let at = 0; at + 8 <= size; at += stampEveryBytes) {
    bytes.writeUInt32LE(number, at);
    bytes.writeUInt32LE(at, at + 4);
  }
  return bytes;
}
