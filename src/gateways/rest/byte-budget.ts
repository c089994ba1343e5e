/**
 * How many bytes may be in memory for clients at once. What doesn't fit is refused before it is
 * read. Of one token's there may be half of them: nobody keeps all others out.
 */
import { DftfsError } from '#base/errors.ts';

export class ByteBudget {
  readonly #max: number;
  readonly #byHolder = new Map<string, number>();
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get taken(): number {
    return this.#taken;
  }

  /** `holder`: the token's id, if there is one. Throws overloaded, too_many_requests. */
  take(bytes: number, holder?: string): void {
    if (this.#taken + bytes > this.#max) {
      throw new DftfsError('overloaded', 'Too many transfers are under way; try again shortly.');
    }
    if (holder !== undefined) this.#hold(holder, bytes);
    this.#taken += bytes;
  }

  give(bytes: number, holder?: string): void {
    this.#taken -= bytes;
    if (holder === undefined) return;
    const left = (this.#byHolder.get(holder) ?? 0) - bytes;
    if (left <= 0) this.#byHolder.delete(holder);
    else this.#byHolder.set(holder, left);
  }

  #hold(holder: string, bytes: number): void {
    const held = (this.#byHolder.get(holder) ?? 0) + bytes;
    if (held > this.#max / 2) {
      const detail = 'This token has as much under way here as one may have; wait for some to end.';
      throw new DftfsError('too_many_requests', detail);
    }
    this.#byHolder.set(holder, held);
  }
}
