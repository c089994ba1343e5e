/**
 * Reed–Solomon over stripes: k data shards, m parity shards, any k of which give back all. Pure and
 * synchronous: about 0.1 ms a stripe. k = 1 is copying and never comes here.
 *
 * The code is a bit matrix: a shard is cut into coding blocks, a block into a few packets, and each
 * packet of a lost shard is the xor of certain packets of the others. Blocks stand for themselves,
 * so a range of a shard can be decoded from the same range of others. What parity looks like is a
 * format on disks: the matrix, `codingBlockBytes` and `shardAlignmentBytes` never change.
 */
import assert from 'node:assert/strict';
import { type ParityMatrix, parityMatrix, xorInto } from './native.ts';

export interface ErasureCode {
  readonly k: number;
  readonly m: number;
}

/**
 * Ranges that begin at a multiple of this, and end at one or with the shard, decode by themselves.
 */
export const codingBlockBytes = 64 * 1024;
/**
 * Shards of a code with k > 1 are padded with zeros to a multiple of this, which keeps packets
 * aligned.
 */
export const shardAlignmentBytes = 64;

/** Bytes of each shard of a stripe. */
export function shardBytes(stripeLength: number, k: number): number {
  if (k === 1) return stripeLength;
  return Math.ceil(stripeLength / k / shardAlignmentBytes) * shardAlignmentBytes;
}

/** `stripe`: the k data shards, one after another. `parity`: takes the m parity shards likewise. */
export function encodeStripe(code: ErasureCode, stripe: Buffer, parity: Buffer): void {
  const size = stripe.length / code.k;
  assert(size % shardAlignmentBytes === 0 && parity.length === size * code.m);
  const part = (of: Buffer, index: number) => of.subarray(index * size, (index + 1) * size);
  const sources = Array.from({ length: code.k }, (_, slot) => part(stripe, slot));
  const slots = sources.map((_, slot) => slot);
  for (let index = 0; index < code.m; index++) {
    combine(recipe(code, slots, code.k + index), sources, part(parity, index));
  }
}

/** One lost shard, or the same range of it, from any k others by slot, all of one length. */
export function decodeShard(
  code: ErasureCode,
  others: ReadonlyMap<number, Buffer>,
  wanted: number,
): Buffer {
  const slots = [...others.keys()].sort((a, b) => a - b).slice(0, code.k);
  assert(slots.length === code.k, 'decoding takes k shards');
  const sources = slots.map((slot) => others.get(slot) as Buffer);
  const size = (sources[0] as Buffer).length;
  assert(sources.every((source) => source.length === size) && size % shardAlignmentBytes === 0);
  const target = Buffer.allocUnsafeSlow(size);
  combine(recipe(code, slots, wanted), sources, target);
  return target;
}

/**
 * How one shard is made of k others: for each of its packets, which packets of which sources to
 * xor.
 */
interface Recipe {
  readonly packets: number;
  readonly terms: readonly (readonly { readonly source: number; readonly packet: number }[])[];
}

function combine(recipe: Recipe, sources: readonly Buffer[], target: Buffer): void {
  for (let start = 0; start < target.length; start += codingBlockBytes) {
    const size = Math.min(codingBlockBytes, target.length - start) / recipe.packets;
    for (const [index, terms] of recipe.terms.entries()) {
      const to = start + index * size;
      for (const [nth, { source, packet }] of terms.entries()) {
        const from = start + packet * size;
        const bytes = sources[source] as Buffer;
        if (nth === 0) bytes.copy(target, to, from, from + size);
        else xorInto(bytes, from, target, to, size);
      }
    }
  }
}

const matrices = new Map<string, ParityMatrix>();
const recipes = new Map<string, Recipe>();

/** Remembered: there are only as many as ways to lose shards. */
function recipe(code: ErasureCode, sources: readonly number[], wanted: number): Recipe {
  const key = `${code.k}+${code.m}:${sources.join()}>${wanted}`;
  const known = recipes.get(key);
  if (known) return known;
  const made = makeRecipe(code, sources, wanted);
  recipes.set(key, made);
  return made;
}

function makeRecipe(code: ErasureCode, sources: readonly number[], wanted: number): Recipe {
  const { k, m } = code;
  const matrix = matrices.get(`${k}+${m}`) ?? parityMatrix(k, m);
  matrices.set(`${k}+${m}`, matrix);
  const { packets } = matrix;
  const rowsOf = (slot: number) =>
    Array.from({ length: packets }, (_, packet) =>
      slot < k ? 1 << (slot * packets + packet) : (matrix.rows[(slot - k) * packets + packet] ?? 0),
    );
  const dataBySources = invert(sources.flatMap(rowsOf));
  const rows = rowsOf(wanted).map((row) =>
    bitsOf(row).reduce((sum, column) => sum ^ (dataBySources[column] ?? 0), 0),
  );
  const terms = rows.map((row) =>
    bitsOf(row).map((bit) => ({ source: Math.floor(bit / packets), packet: bit % packets })),
  );
  return wholeBlocks({ packets, terms });
}

/** Where packet n is always made of packets n, the block needn't be cut: one long xor a source. */
function wholeBlocks(recipe: Recipe): Recipe {
  const [first = []] = recipe.terms;
  const plain = recipe.terms.every(
    (terms, index) =>
      terms.length === first.length &&
      terms.every((term, nth) => term.packet === index && term.source === first[nth]?.source),
  );
  return plain ? { packets: 1, terms: [first] } : recipe;
}

const bitsOf = (row: number): number[] =>
  Array.from({ length: 31 }, (_, bit) => bit).filter((bit) => row & (1 << bit));

/** The inverse of a square matrix of bits, rows as numbers: Gauss–Jordan, where adding is xor. */
function invert(matrix: readonly number[]): number[] {
  assert(matrix.length < 31, 'k is too large');
  const rows = matrix.map((bits, index) => ({ bits, by: 1 << index }));
  for (let column = 0; column < rows.length; column++) {
    const pivot = rows.findIndex((row, index) => index >= column && row.bits & (1 << column));
    assert(pivot >= 0, 'any k shards determine the others');
    const [row] = rows.splice(pivot, 1);
    assert(row);
    rows.splice(column, 0, row);
    for (const other of rows) {
      if (other === row || !(other.bits & (1 << column))) continue;
      other.bits ^= row.bits;
      other.by ^= row.by;
    }
  }
  return rows.map((row) => row.by);
}
