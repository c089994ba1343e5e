/** Choices that can be made again from the number they were made from. */
import { randomInt } from 'node:crypto';

/** Set DFTFS_SEED to repeat the choices of a run that failed. */
export const newSeed = (): number => Number(process.env.DFTFS_SEED ?? randomInt(2 ** 31));

export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to 1, which is never reached. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  oneOf<T>(items: readonly T[]): T {
    return items[this.between(0, items.length - 1)] as T;
  }
}
