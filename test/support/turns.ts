/**
 * Lets concurrent work go on one call at a time, in an order made of random choices, so that any
 * interleaving can come about, and come about again from its seed.
 */
import type { SeededRandom } from './seeded-random.ts';

interface Parked {
  readonly owner: string;
  readonly resume: () => void;
}

export class Turns {
  readonly #random: SeededRandom;
  #parked: Parked[] = [];

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  get waiting(): number {
    return this.#parked.length;
  }

  /** Has `call` wait for its turn before it happens, and once more before its result is seen. */
  wrap<A extends unknown[], R>(
    owner: string,
    call: (...args: A) => Promise<R>,
  ): (...args: A) => Promise<R> {
    return async (...args) => {
      await this.#turn(owner);
      const result = call(...args);
      result.catch(() => {});
      await this.#turn(owner);
      return result;
    };
  }

  /** Gives the turn to one that waits, until everything waits again. */
  async next(): Promise<void> {
    const at = this.#random.between(0, this.#parked.length - 1);
    const [chosen] = this.#parked.splice(at, 1);
    chosen?.resume();
    await new Promise(setImmediate);
  }

  /** What it was about to do never happens, and what it did is never known to it. */
  kill(owner: string): void {
    this.#parked = this.#parked.filter((one) => one.owner !== owner);
  }

  #turn(owner: string): Promise<void> {
    return new Promise((resume) => this.#parked.push({ owner, resume }));
  }
}
