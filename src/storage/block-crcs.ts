/**
 * CRC-32 by blocks of `checkBlockBytes`, and the CRC of the whole out of those of its blocks
 * without going over the bytes twice.
 */
import { crc32 } from 'node:zlib';
import { checkBlockBytes } from '#base/limits.ts';
import type { Body } from '#rpc/rpc.ts';
import { bodyLength } from '#rpc/rpc.ts';

export interface BodyCrcs {
  readonly blocks: readonly number[];
  readonly whole: number;
}

export const blockCount = (length: number): number => Math.ceil(length / checkBlockBytes);

/**
 * Putting a block behind some bytes multiplies their CRC by a fixed matrix over GF(2) before the
 * block's own is added. `crc32` over zeros gives the matrix, bit by bit; one table a byte makes it
 * four look-ups.
 */
function blockShiftTables(): readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
  const zeros = Buffer.alloc(checkBlockBytes);
  const constant = crc32(zeros, 0);
  const table = (byte: number) => {
    const values = new Uint32Array(256);
    for (let bit = 0; bit < 8; bit++) {
      const image = crc32(zeros, (1 << (8 * byte + bit)) >>> 0) ^ constant;
      for (let low = 0; low < 1 << bit; low++) {
        values[(1 << bit) | low] = (values[low] as number) ^ image;
      }
    }
    return values;
  };
  return [table(0), table(1), table(2), table(3)];
}

const [shift0, shift1, shift2, shift3] = blockShiftTables();

/** The CRC of bytes with CRC `crc` followed by one full block with CRC `block`. */
export function followedByBlock(crc: number, block: number): number {
  const shifted =
    (shift0[crc & 255] as number) ^
    (shift1[(crc >>> 8) & 255] as number) ^
    (shift2[(crc >>> 16) & 255] as number) ^
    (shift3[crc >>> 24] as number);
  return (shifted ^ block) >>> 0;
}

/** The CRCs of a body, whatever its chunks. */
export function bodyCrcs(body: Body): BodyCrcs {
  const length = bodyLength(body);
  const fullBlocks = Math.floor(length / checkBlockBytes);
  const blocks: number[] = [];
  let whole = 0;
  let block = 0;
  let filled = 0;
  for (const part of body) {
    for (let at = 0; at < part.length; ) {
      const piece = part.subarray(at, at + checkBlockBytes - filled);
      at += piece.length;
      filled += piece.length;
      block = crc32(piece, block);
      if (blocks.length === fullBlocks && fullBlocks > 0) whole = crc32(piece, whole);
      if (filled < checkBlockBytes) continue;
      whole = followedByBlock(whole, block);
      blocks.push(block);
      block = filled = 0;
    }
  }
  if (filled > 0) blocks.push(block);
  return { blocks, whole: fullBlocks === 0 ? block : whole };
}
