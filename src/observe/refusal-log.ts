/**
 * Who was refused what, as lines of files beside those of changes: strangers can ask as often as
 * they like, and must neither push the changes out nor fill the disk. Only so many are told in a
 * second; the next line that is told says how many were not.
 */
import type { Clock } from '#io/world.ts';
import type { AuditLog, Refusal } from './audit-log.ts';

export interface RefusalLogDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly lines: Pick<AuditLog, 'record'>;
}

export const refusalsPerSecondMax = 20;

export class RefusalLog {
  readonly #deps: RefusalLogDeps;
  #since = Number.NEGATIVE_INFINITY;
  #told = 0;
  #leftOut = 0;

  constructor(deps: RefusalLogDeps) {
    this.#deps = deps;
  }

  record(refusal: Refusal): void {
    const { clock, lines } = this.#deps;
    const now = clock.now();
    if (now - this.#since >= 1000) {
      this.#since = now;
      this.#told = 0;
    }
    if (this.#told >= refusalsPerSecondMax) {
      this.#leftOut += 1;
      return;
    }
    this.#told += 1;
    lines.record(this.#leftOut === 0 ? refusal : { ...refusal, leftOut: this.#leftOut });
    this.#leftOut = 0;
  }
}
