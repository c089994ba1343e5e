/** From what was seen to what is drawn. Pure. */
import { rounded } from './part.ts';

/** One request: when it was due or ended, in seconds of the run, how long it took, and its end. */
export interface Sample {
  readonly s: number;
  readonly ms: number;
  readonly ok: boolean;
}

export interface Spread {
  readonly count: number;
  readonly failed: number;
  /** Of those that succeeded; null: none did. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly longestMs: number | null;
}

export interface Bin {
  /** Its middle. */
  readonly s: number;
  readonly count: number;
  readonly ok: number;
  readonly p50Ms: number | null;
  readonly longestMs: number | null;
}

export function spreadOf(samples: readonly Sample[]): Spread {
  const times = timesOf(samples);
  return {
    count: samples.length,
    failed: samples.filter(({ ok }) => !ok).length,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    longestMs: quantile(times, 1),
  };
}

/** Of equal width, from 0 on; empty ones too. */
export function binsOf(samples: readonly Sample[], widthS: number, endS: number): Bin[] {
  return Array.from({ length: Math.ceil(endS / widthS) }, (_, n) => {
    const from = n * widthS;
    const some = samples.filter(({ s }) => s >= from && s < from + widthS);
    const { count, failed, p50Ms, longestMs } = spreadOf(some);
    return { s: rounded(from + widthS / 2, 3), count, ok: count - failed, p50Ms, longestMs };
  });
}

const timesOf = (samples: readonly Sample[]): number[] =>
  samples
    .filter(({ ok }) => ok)
    .map(({ ms }) => ms)
    .sort((a, b) => a - b);

function quantile(sorted: readonly number[], share: number): number | null {
  const found = sorted[Math.floor((sorted.length - 1) * share)];
  return found === undefined ? null : rounded(found, 2);
}
