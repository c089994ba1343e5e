/** A point on the monotonic clock after which an operation has to have answered. */
import type { Clock } from '#io/world.ts';

export class Deadline {
  readonly #clock: Clock;
  readonly #end: number;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#end = clock.now() + timeoutMs;
  }

  /** Never negative. */
  leftMs(): number {
    return Math.max(0, this.#end - this.#clock.now());
  }

  get passed(): boolean {
    return this.leftMs() === 0;
  }
}
