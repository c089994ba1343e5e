import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { codingBlockBytes, decodeShard, encodeStripe, shardBytes } from './reed-solomon.ts';

const codes = [
  { k: 2, m: 1 },
  { k: 2, m: 2 },
  { k: 3, m: 2 },
  { k: 4, m: 2 },
];

function subsets(count: number, size: number, from = 0): number[][] {
  if (size === 0) return [[]];
  const found: number[][] = [];
  for (let first = from; first < count; first++) {
    for (const rest of subsets(count, size - 1, first + 1)) found.push([first, ...rest]);
  }
  return found;
}

function encoded(code: { k: number; m: number }, content: Buffer): Buffer[] {
  const size = shardBytes(content.length, code.k);
  const stripe = Buffer.alloc(size * code.k);
  content.copy(stripe);
  const parity = Buffer.alloc(size * code.m);
  encodeStripe(code, stripe, parity);
  const all = Buffer.concat([stripe, parity]);
  return Array.from({ length: code.k + code.m }, (_, slot) =>
    all.subarray(slot * size, (slot + 1) * size),
  );
}

const noise = (length: number) => randomFillSync(Buffer.allocUnsafeSlow(length));

function assertAnyKGiveAll(code: { k: number; m: number }, shards: readonly Buffer[]): void {
  for (const chosen of subsets(shards.length, code.k)) {
    const others = new Map(chosen.map((slot) => [slot, shards[slot] as Buffer]));
    for (let wanted = 0; wanted < shards.length; wanted++) {
      const decoded = decodeShard(code, others, wanted);
      assert.ok(decoded.equals(shards[wanted] as Buffer), `${wanted} from ${chosen}`);
    }
  }
}

for (const code of codes) {
  test(`any ${code.k} of ${code.k + code.m} shards give back all`, () => {
    for (const length of [1, 64, 65, 4096 * code.k, 300_001, 1 << 20]) {
      assertAnyKGiveAll(code, encoded(code, noise(length)));
    }
    const lengths = fc.integer({ min: 1, max: 1 << 18 });
    fc.assert(
      fc.property(lengths, (length) => assertAnyKGiveAll(code, encoded(code, noise(length)))),
      { numRuns: 15 },
    );
  });

  test(`a range of whole coding blocks decodes by itself, ${code.k} + ${code.m}`, () => {
    const shards = encoded(code, noise(code.k * (3 * codingBlockBytes + 192)));
    const size = shardBytes(code.k * (3 * codingBlockBytes + 192), code.k);
    for (const [start, end] of [
      [codingBlockBytes, 2 * codingBlockBytes],
      [2 * codingBlockBytes, size],
    ]) {
      const cut = shards.map((shard) => shard.subarray(start, end));
      assertAnyKGiveAll(code, cut);
    }
  });
}

test('shards cover the stripe, evenly, padded to 64 bytes; a copy is not padded', () => {
  assert.equal(shardBytes(1, 4), 64);
  assert.equal(shardBytes(1 << 20, 4), 1 << 18);
  assert.equal(shardBytes(1 << 20, 3), 349_568);
  assert.equal(shardBytes(12_345, 1), 12_345);
});

test('parity is a format on disks: it stays as it is', () => {
  const content = Buffer.from(Array.from({ length: 600_000 }, (_, i) => (i * i * 31 + i) >> 3));
  const seen = codes.map((code) => crc32(Buffer.concat(encoded(code, content).slice(code.k))));
  assert.deepEqual(seen, [983156784, 4044558454, 2641583061, 1082242332]);
});

test('parity of one coding block is what the native package makes of it', async () => {
  const native = createRequire(import.meta.url)('@ronomon/reed-solomon');
  for (const { k, m } of codes) {
    const stripe = noise(k * codingBlockBytes);
    const [ours, theirs] = [noise(m * codingBlockBytes), noise(m * codingBlockBytes)];
    encodeStripe({ k, m }, stripe, ours);
    const sources = (1 << k) - 1;
    const targets = ((1 << m) - 1) << k;
    const sizes = [stripe, 0, stripe.length, theirs, 0, theirs.length];
    await new Promise<void>((resolve, reject) =>
      native.encode(native.create(k, m), sources, targets, ...sizes, (error?: Error) =>
        error ? reject(error) : resolve(),
      ),
    );
    assert.ok(ours.equals(theirs));
  }
});

test('decoding from too few shards is refused', () => {
  assert.throws(() => decodeShard({ k: 2, m: 2 }, new Map([[0, noise(64)]]), 1), /takes k shards/);
});
