/** What many operations took. Pure. */
export class Latencies {
  readonly #tookMs: number[] = [];
  errors = 0;

  add(tookMs: number): void {
    this.#tookMs.push(tookMs);
  }

  get count(): number {
    return this.#tookMs.length;
  }

  /** `share` 0.5: the median. NaN: there was none. */
  quantile(share: number): number {
    const sorted = Float64Array.from(this.#tookMs).sort();
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  }
}
