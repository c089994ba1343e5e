/** How much a duty may do in a time: so much a second on average, a second's worth at once. */
import type { Clock } from '#io/world.ts';

export class Allowance {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #perSecondMax: number;
  #left: number;
  #at: number;

  constructor(clock: Pick<Clock, 'now'>, perSecondMax: number) {
    this.#clock = clock;
    this.#perSecondMax = perSecondMax;
    this.#left = perSecondMax;
    this.#at = clock.now();
  }

  /** Something may be done, however much it turns out to be: it counts against what comes later. */
  get isLeft(): boolean {
    const now = this.#clock.now();
    const gained = ((now - this.#at) / 1000) * this.#perSecondMax;
    this.#left = Math.min(this.#perSecondMax, this.#left + gained);
    this.#at = now;
    return this.#left > 0;
  }

  spend(amount: number): void {
    this.#left -= amount;
  }
}
