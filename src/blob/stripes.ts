/** Where the bytes of a blob lie: extents and offsets to stripes. */
import type { VolumeId } from '#base/ids.ts';
import { stripeBytes } from '#base/limits.ts';
import { shardBytes } from '#erasure/reed-solomon.ts';
import type { Code, Extent } from '#protocol/volumes.ts';

export interface Stripe {
  readonly volume: VolumeId;
  /**
   * The stripe's number in shard keys. Ascends along the blob, with gaps where an upload switched
   * volumes.
   */
  readonly number: number;
  /** Bytes of the blob in it. */
  readonly length: number;
}

export interface StripeRange {
  readonly stripe: Stripe;
  /** Bytes within the stripe. */
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export const stripesIn = (extents: readonly Extent[]): number =>
  extents.reduce((sum, extent) => sum + extent.count, 0);

/** Bytes of each of the stripe's shards. */
export const shardLength = (stripe: Stripe, { k }: Code): number => shardBytes(stripe.length, k);

/** The parts of stripes that hold bytes `start` to `end` of a blob, in order. */
export function* stripeRanges(
  blob: { readonly size: number; readonly extents: readonly Extent[] },
  start: number,
  end: number,
): Generator<StripeRange> {
  let index = 0;
  for (const { volume, first, count } of blob.extents) {
    const from = Math.max(index, Math.floor(start / stripeBytes));
    const to = Math.min(index + count, Math.ceil(end / stripeBytes));
    for (let at = from; at < to; at++) {
      const offset = at * stripeBytes;
      const length = Math.min(stripeBytes, blob.size - offset);
      yield {
        stripe: { volume, number: first + at - index, length },
        start: Math.max(0, start - offset),
        end: Math.min(length, end - offset),
      };
    }
    index += count;
  }
}
