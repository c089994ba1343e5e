/** How long shards take lately, and so how long to wait for the next one. */
const remembered = 128;

export interface DeadlineBounds {
  readonly floorMs: number;
  readonly ceilingMs: number;
}

export class Pace {
  readonly #samples: number[] = [];
  #next = 0;
  #p95 = 0;

  add(ms: number): void {
    this.#samples[this.#next] = ms;
    this.#next = (this.#next + 1) % remembered;
    if (this.#next % 16 === 0) this.#refresh();
  }

  /** 95 of 100 recent calls were quicker; 0 before the first ones. */
  get p95(): number {
    return this.#p95;
  }

  /** `times` the p95, within bounds. */
  wait(times: number, bounds: DeadlineBounds): number {
    return Math.min(bounds.ceilingMs, Math.max(bounds.floorMs, times * this.#p95));
  }

  #refresh(): void {
    const sorted = this.#samples.toSorted((a, b) => a - b);
    this.#p95 = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
  }
}
