/**
 * How many bytes may be in memory for clients at once. What doesn't fit is refused before it is
 * read.
 */
import { DftfsError } from '#base/errors.ts';

export class ByteBudget {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get taken(): number {
    return this.#taken;
  }

  take(bytes: number): void {
    if (this.#taken + bytes > this.#max) {
      throw new DftfsError('overloaded', 'Too many transfers are under way; try again shortly.');
    }
    this.#taken += bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}
