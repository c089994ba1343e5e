/**
 * Many deadlines on one timer. Nearly every call ends long before its deadline, so adding and
 * removing must cost next to nothing, and the search for what is due may cost a little.
 */
import type { Clock, Timer, Timers } from '#io/world.ts';

export interface Expiring {
  /** On the monotonic clock. Doesn't change while the entry is in. */
  readonly deadlineAt: number;
  /** Called once the deadline has passed; the entry is out by then. */
  expire(): void;
}

/** Expiry may be this much late, so that a search is worth its while. */
const tickMs = 2;

export class Deadlines {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #entries = new Set<Expiring>();
  #timer: Timer | undefined;
  #firesAt = Number.POSITIVE_INFINITY;

  constructor(deps: { readonly clock: Clock; readonly timers: Timers }) {
    this.#clock = deps.clock;
    this.#timers = deps.timers;
  }

  add(entry: Expiring): void {
    this.#entries.add(entry);
    if (entry.deadlineAt < this.#firesAt) this.#arm(entry.deadlineAt, this.#clock.now());
  }

  /** The timer stays: it is cheaper to let it fire once in vain than to move it with each call. */
  remove(entry: Expiring): void {
    this.#entries.delete(entry);
  }

  #arm(at: number, now: number): void {
    this.#timer?.cancel();
    this.#firesAt = at;
    this.#timer = this.#timers.after(Math.max(at - now, tickMs), this.#fire);
  }

  readonly #fire = (): void => {
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    const due: Expiring[] = [];
    for (const entry of this.#entries) {
      if (entry.deadlineAt <= now) due.push(entry);
      else next = Math.min(next, entry.deadlineAt);
    }
    this.#timer = undefined;
    this.#firesAt = Number.POSITIVE_INFINITY;
    if (next < this.#firesAt) this.#arm(next, now);
    for (const entry of due) {
      if (this.#entries.delete(entry)) entry.expire();
    }
  };
}
