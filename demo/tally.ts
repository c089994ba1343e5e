/** What clients saw: counts for the whole run, and moments of half a second for the charts. */
import type { Counts, EventKind, Latency, Moment } from './picture.ts';

export type Outcome = keyof Counts;

const momentMs = 500;
/** What "now" means: so many whole moments. */
const nowMoments = 4;
const momentsMax = 600;
/** Of several events in one moment the first of these is shown. */
const weight: readonly EventKind[] = ['broken', 'kill', 'stop', 'return', 'safe'];

interface Bucket {
  readonly waitsMs: number[];
  failed: number;
  cut: number;
  mark: EventKind | undefined;
}

export class Tally {
  readonly #counts: Record<Outcome, number> = { right: 0, cut: 0, failed: 0, wrong: 0 };
  readonly #waitsMs: number[] = [];
  readonly #beganMs: number;
  /** By the number of their moment; the oldest are forgotten. */
  readonly #buckets = new Map<number, Bucket>();

  constructor(beganMs: number) {
    this.#beganMs = beganMs;
  }

  get counts(): Counts {
    return { ...this.#counts };
  }

  /** `waitMs`: until the answer, or until it was clear that there is none. */
  add(outcome: Outcome, waitMs: number, atMs: number): void {
    this.#counts[outcome] += 1;
    const bucket = this.#bucket(atMs);
    if (outcome === 'failed' || outcome === 'wrong') bucket.failed += 1;
    if (outcome === 'cut') bucket.cut += 1;
    bucket.waitsMs.push(waitMs);
    this.#waitsMs.push(waitMs);
  }

  mark(kind: EventKind, atMs: number): void {
    if (!weight.includes(kind)) return;
    const bucket = this.#bucket(atMs);
    const kinds = bucket.mark === undefined ? [kind] : [kind, bucket.mark];
    bucket.mark = weight.find((one) => kinds.includes(one));
  }

  /** Up to the last whole one, oldest first. */
  moments(nowMs: number, most: number): Moment[] {
    const last = this.#momentAt(nowMs) - 1;
    const first = Math.max(0, last - most + 1);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, nth) => {
      const bucket = this.#buckets.get(first + nth);
      const waits = bucket?.waitsMs ?? [];
      return {
        perSecond: (waits.length * 1000) / momentMs,
        p99Ms: latencyOf(waits).p99Ms,
        failed: bucket?.failed ?? 0,
        cut: bucket?.cut ?? 0,
        mark: bucket?.mark,
      };
    });
  }

  /** Of the last two seconds. */
  now(nowMs: number): { perSecond: number } & Latency {
    const last = this.#momentAt(nowMs) - 1;
    const numbers = Array.from({ length: nowMoments }, (_, nth) => last - nth);
    const waits = numbers.flatMap((number) => this.#buckets.get(number)?.waitsMs ?? []);
    const perSecond = (waits.length * 1000) / (nowMoments * momentMs);
    return { perSecond, ...latencyOf(waits) };
  }

  latency(): Latency {
    return latencyOf(this.#waitsMs);
  }

  #momentAt(ms: number): number {
    return Math.floor((ms - this.#beganMs) / momentMs);
  }

  #bucket(atMs: number): Bucket {
    const number = this.#momentAt(atMs);
    const known = this.#buckets.get(number);
    if (known !== undefined) return known;
    const bucket: Bucket = { waitsMs: [], failed: 0, cut: 0, mark: undefined };
    this.#buckets.set(number, bucket);
    this.#buckets.delete(number - momentsMax);
    return bucket;
  }
}

function latencyOf(waitsMs: readonly number[]): Latency {
  const sorted = waitsMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), longestMs: at(1) };
}
