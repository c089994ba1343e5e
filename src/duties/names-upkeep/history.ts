/**
 * Which revision was the newest at which moment of this process's monotonic clock: so that history
 * is forgotten by its age without comparing the clocks of two machines.
 */
interface Mark {
  readonly revision: number;
  readonly seenAt: number;
}

export class History {
  readonly #keptMs: number;
  /** Oldest first; only the first may be older than `keptMs`. */
  #marks: Mark[] = [];

  constructor(keptMs: number) {
    this.#keptMs = keptMs;
  }

  see(revision: number, now: number): void {
    if (revision <= (this.#marks.at(-1)?.revision ?? 0)) return;
    this.#marks.push({ revision, seenAt: now });
    const old = this.#marks.findLastIndex(({ seenAt }) => now - seenAt >= this.#keptMs);
    if (old > 0) this.#marks = this.#marks.slice(old);
  }

  /** What was there at least so long ago. 0: nothing is known to be so old. */
  olderThan(ageMs: number, now: number): number {
    return this.#marks.findLast(({ seenAt }) => now - seenAt >= ageMs)?.revision ?? 0;
  }
}
