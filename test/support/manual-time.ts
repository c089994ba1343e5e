import type { Clock, Timer, Timers } from '#io/world.ts';

interface Pending {
  readonly at: number;
  readonly fn: () => void;
}

/** A clock and timers that stand still until a test moves them. */
export class ManualTime {
  readonly clock: Clock = { now: () => this.#now, wall: () => this.#now };
  readonly timers: Timers = {
    after: (ms, fn) => this.#after(ms, fn),
    sleep: (ms, signal) => this.#sleep(ms, signal),
  };
  #now = 1000;
  readonly #pending = new Set<Pending>();

  /** Runs whatever is due until then, each at its own time; promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await new Promise(setImmediate);
      const next = [...this.#pending].sort((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#pending.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fn();
    }
    this.#now = end;
  }

  #after(ms: number, fn: () => void): Timer {
    const pending = { at: this.#now + ms, fn };
    this.#pending.add(pending);
    return { cancel: () => this.#pending.delete(pending) };
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) reject(signal.reason);
      const timer = this.#after(ms, resolve);
      signal?.addEventListener('abort', () => {
        timer.cancel();
        reject(signal.reason);
      });
    });
  }
}
