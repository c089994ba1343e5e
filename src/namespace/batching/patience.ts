/**
 * How long to wait for a combiner before going another way: a multiple of what nearly all of its
 * recent answers took, so that a busy one isn't mistaken for a dead one, within fixed bounds, so
 * that a dead one costs little.
 */
export interface PatienceOptions {
  readonly minMs: number;
  readonly maxMs: number;
  /** Times the 99th percentile. */
  readonly factor: number;
}

export const patienceDefaults: PatienceOptions = { minMs: 150, maxMs: 400, factor: 8 };

const remembered = 128;
const recountEvery = 16;

export class Patience {
  readonly #options: PatienceOptions;
  readonly #recent = new Float64Array(remembered);
  #observed = 0;
  #waitMs: number;

  constructor(options: PatienceOptions = patienceDefaults) {
    this.#options = options;
    this.#waitMs = options.maxMs;
  }

  /** `maxMs` until there is something to judge by. */
  get waitMs(): number {
    return this.#waitMs;
  }

  observe(ms: number): void {
    this.#recent[this.#observed % remembered] = ms;
    this.#observed += 1;
    if (this.#observed % recountEvery !== 0) return;
    const known = this.#recent.slice(0, Math.min(this.#observed, remembered)).sort();
    const p99 = known[Math.ceil(known.length * 0.99) - 1] ?? 0;
    const { minMs, maxMs, factor } = this.#options;
    this.#waitMs = Math.min(maxMs, Math.max(minMs, factor * p99));
  }
}
