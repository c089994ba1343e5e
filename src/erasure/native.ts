/**
 * The native package, as far as it is used: it builds the code's bit matrix and xors memory. Both
 * are synchronous; its own `encode` goes through the thread pool, where it would queue behind disk
 * syncs, and costs more in the hand-over than in the arithmetic (bench/micro/erasure.ts).
 */
import { createRequire } from 'node:module';

interface NativeReedSolomon {
  /** Three bytes w, k, m, then the bit matrix of the parity: m·w rows of k·w bytes, each 0 or 1. */
  create(k: number, m: number): Buffer;
  /** target ^= source, for `size` bytes. Eight bytes at a time where both lie alike in memory. */
  XOR(
    source: Buffer,
    sourceOffset: number,
    target: Buffer,
    targetOffset: number,
    size: number,
  ): void;
}

const native = createRequire(import.meta.url)('@ronomon/reed-solomon') as NativeReedSolomon;

export const xorInto = native.XOR;

export interface ParityMatrix {
  /** Packets in a coding block of one shard. */
  readonly packets: number;
  /** m·packets rows; bit c of a row: the packet takes in packet c of the data, shard by shard. */
  readonly rows: readonly number[];
}

export function parityMatrix(k: number, m: number): ParityMatrix {
  const context = native.create(k, m);
  const packets = context[0] ?? 0;
  const columns = k * packets;
  const rows = Array.from({ length: m * packets }, (_, row) =>
    context
      .subarray(3 + row * columns, 3 + (row + 1) * columns)
      .reduce((bits, bit, column) => bits | (bit << column), 0),
  );
  return { packets, rows };
}
