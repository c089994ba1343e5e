/** Runs duties side by side, each one unit at a time, under the common brake. */
import { asDftfsError } from '#base/errors.ts';
import type { Clock, Timers } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';
import type { Brake } from './brake.ts';
import type { Duty } from './duty.ts';

export interface RunnerDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly brake: Brake;
}

export interface RunnerOptions {
  /** Until a duty that had nothing to do, or failed, is called again. */
  readonly idleMs: number;
}

export class DutyRunner {
  readonly #deps: RunnerDeps;
  readonly #options: RunnerOptions;
  readonly #duties: readonly Duty[];
  readonly #closing = new AbortController();
  readonly #running: Promise<void>[] = [];

  constructor(deps: RunnerDeps, duties: readonly Duty[], options: RunnerOptions) {
    this.#deps = deps;
    this.#duties = duties;
    this.#options = options;
  }

  start(): void {
    for (const duty of this.#duties) this.#running.push(this.#run(duty));
  }

  /** Resolves when no unit is under way any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#running);
  }

  /** By the name of the duty. */
  progress(): Record<string, unknown> {
    const shown = this.#duties.filter((duty) => duty.progress !== undefined);
    return Object.fromEntries(shown.map((duty) => [duty.name, duty.progress?.()]));
  }

  async #run(duty: Duty): Promise<void> {
    const { clock, timers, brake } = this.#deps;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const began = clock.now();
      const state = await this.#step(duty);
      const tookMs = clock.now() - began;
      const restsMs = {
        busy: brake.restMs(tookMs, duty.isPatient),
        rested: 0,
        idle: this.#options.idleMs,
      };
      await timers.sleep(restsMs[state], signal).catch(() => {});
    }
  }

  async #step(duty: Duty): ReturnType<Duty['step']> {
    const { signal } = this.#closing;
    try {
      return await duty.step(signal);
    } catch (error) {
      const { code, message } = asDftfsError(error);
      const level = code === 'internal' ? 'error' : 'info';
      if (!signal.aborted) {
        this.#deps.log[level](`${duty.name}: not done, tried again later`, { code, message });
      }
      return 'idle';
    }
  }
}
