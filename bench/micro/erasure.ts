/**
 * What erasure coding costs: encode and decode of 1 MiB stripes here, against the native package's
 * thread pool.
 */
import { randomFillSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { decodeShard, encodeStripe, shardBytes } from '../../src/erasure/reed-solomon.ts';

const native = createRequire(import.meta.url)('@ronomon/reed-solomon');
const stripeLength = 1 << 20;
const runs = 400;

async function timed(work: () => unknown): Promise<string> {
  for (let run = 0; run < runs / 10; run++) await work();
  const start = performance.now();
  for (let run = 0; run < runs; run++) await work();
  return ((performance.now() - start) / runs).toFixed(3).padStart(8);
}

const line = (text: string) => process.stdout.write(`${text}\n`);
line(' code   encode  pooled  decode 1  decode 2   (ms a stripe of 1 MiB)');
for (const [k, m] of [
  [2, 2],
  [3, 2],
  [4, 2],
] as const) {
  const size = shardBytes(stripeLength, k);
  const stripe = randomFillSync(Buffer.allocUnsafeSlow(k * size));
  const parity = Buffer.allocUnsafeSlow(m * size);
  const encode = await timed(() => encodeStripe({ k, m }, stripe, parity));
  const context = native.create(k, m);
  const pooled = await timed(
    () =>
      new Promise((resolve) =>
        native.encode(
          context,
          (1 << k) - 1,
          ((1 << m) - 1) << k,
          ...[stripe, 0, stripe.length, parity, 0, parity.length],
          resolve,
        ),
      ),
  );
  const shard = (slot: number) =>
    slot < k
      ? stripe.subarray(slot * size, (slot + 1) * size)
      : parity.subarray((slot - k) * size, (slot - k + 1) * size);
  const without = (lost: number) =>
    new Map(Array.from({ length: k }, (_, i) => [i + lost, shard(i + lost)]));
  const one = await timed(() => decodeShard({ k, m }, without(1), 0));
  const two = await timed(() => [0, 1].map((slot) => decodeShard({ k, m }, without(2), slot)));
  line(`${k} + ${m} ${encode}${pooled}${one}  ${two}`);
}
