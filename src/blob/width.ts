/**
 * How wide new volumes are. Width adapts to the living, protection doesn't: with four nodes or more
 * any two may be lost, whatever the number; and one node is always left out of a blob.
 */
import type { Code } from '#protocol/volumes.ts';

/** Small blobs are kept as whole copies, in volumes of their own, unless none is to be had. */
export type BlobClass = 'small' | 'large';

const dataShardsMax = 4;

/** Below it nothing is written: what is on one node alone is as good as lost. */
export const copiesMinDefault = 2;

/** Undefined: too few nodes to keep anything safe. */
export function codeFor(
  blobClass: BlobClass,
  liveNodes: number,
  copiesMin = copiesMinDefault,
): Code | undefined {
  if (liveNodes < copiesMin) return undefined;
  if (liveNodes === 1) return { k: 1, m: 0 };
  if (blobClass === 'small') return { k: 1, m: Math.min(3, Math.max(2, liveNodes - 1)) - 1 };
  if (liveNodes < 4) return { k: 1, m: 1 };
  return { k: Math.min(dataShardsMax, liveNodes - 3), m: 2 };
}

/** Losses that data is to survive while so many nodes live; of one alone, as of two. */
export const marginWanted = (liveNodes: number, copiesMin?: number): number =>
  codeFor('small', liveNodes, copiesMin)?.m ?? 1;

/**
 * The same protection, narrower if only `available` of the live nodes can take shards now (others
 * are full). Undefined: not even that is possible.
 */
export function codeWithin(
  blobClass: BlobClass,
  liveNodes: number,
  available: number,
  copiesMin = copiesMinDefault,
): Code | undefined {
  const code = codeFor(blobClass, liveNodes, copiesMin);
  if (!code) return undefined;
  const k = Math.min(code.k, available - code.m);
  return k < 1 ? undefined : { k, m: code.m };
}

export const sameCode = (a: Code, b: Code): boolean => a.k === b.k && a.m === b.m;
