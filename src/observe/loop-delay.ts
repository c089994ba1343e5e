/**
 * How late the event loop comes to what is due: a timer that should fire often, and by how much it
 * didn't. While it is late everything here is.
 */
import type { Clock, Timer, Timers } from '#io/world.ts';
import type { Histogram, MetricRegister } from './metric-register.ts';

const everyMs = 50;
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const;

export class LoopDelay {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #delay: Histogram;
  #timer: Timer | undefined;

  constructor(register: MetricRegister, deps: { readonly clock: Clock; readonly timers: Timers }) {
    this.#clock = deps.clock;
    this.#timers = deps.timers;
    this.#delay = register
      .histogram(
        'dftfs_event_loop_delay_seconds',
        'How late the event loop came to a timer, twenty times a second.',
        bounds,
      )
      .with();
  }

  start(): void {
    const due = this.#clock.now() + everyMs;
    this.#timer = this.#timers.after(everyMs, () => {
      this.#delay.observe(Math.max(0, this.#clock.now() - due) / 1000);
      this.start();
    });
  }

  close(): void {
    this.#timer?.cancel();
  }
}
