/** Rests within a long unit of work, as the brake says, so that it yields to clients all along. */
import type { Clock, Timers } from '#io/world.ts';
import type { Brake } from './brake.ts';

export interface BreatherDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly brake: Pick<Brake, 'restMs'>;
  readonly isPatient: boolean;
}

export class Breather {
  readonly #deps: BreatherDeps;
  #since: number;

  constructor(deps: BreatherDeps) {
    this.#deps = deps;
    this.#since = deps.clock.now();
  }

  /** For what was done since the last time. */
  async rest(signal: AbortSignal): Promise<void> {
    const { clock, timers, brake, isPatient } = this.#deps;
    const restMs = brake.restMs(clock.now() - this.#since, isPatient);
    if (restMs > 0) await timers.sleep(restMs, signal);
    this.#since = clock.now();
  }
}
