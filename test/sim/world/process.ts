/** A simulated process: its clock, its timers, its chance; it can be stopped, and it can die. */
import type { Clock, Random, Timer, Timers } from '#io/world.ts';
import type { Dice } from './dice.ts';
import type { Owner, Scheduler, SimEvent } from './scheduler.ts';

export interface ClockFaults {
  /** How fast the monotonic clock runs: 1.01 gains one in a hundred. */
  readonly drift: number;
  /** How far the wall clock is off. */
  readonly skewMs: number;
}

const epochMs = Date.UTC(2026, 0, 1);
/** A timer is late by up to this much, as the loop has other things to do. */
const timerLatenessMs = 0.5;

export class SimProcess implements Owner {
  readonly number: number;
  readonly name: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  isDead = false;
  isPaused = false;
  wasPaused = false;
  wallJumpMs = 0;
  readonly #scheduler: Scheduler;
  readonly #dice: Dice;
  readonly #drift: number;
  readonly #bornAt: number;
  readonly #deferred: SimEvent[] = [];
  readonly #onDeath = new Set<() => void>();

  constructor(scheduler: Scheduler, name: string, dice: Dice, clock: ClockFaults) {
    this.number = scheduler.newOwnerNumber();
    this.name = name;
    this.#scheduler = scheduler;
    this.#dice = dice;
    this.#drift = clock.drift;
    this.#bornAt = scheduler.now;
    const age = () => (scheduler.now - this.#bornAt) * this.#drift;
    this.clock = {
      now: () => 1000 + age(),
      wall: () => Math.floor(epochMs + scheduler.now + clock.skewMs + this.wallJumpMs),
    };
    this.timers = {
      after: (ms, fn) => this.#after(ms, fn),
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
    this.random = { bytes: (count) => dice.bytes(count), float: () => dice.fraction() };
  }

  defer(event: SimEvent): void {
    this.#deferred.push(event);
  }

  pause(): void {
    this.isPaused = true;
    this.wasPaused = true;
  }

  /** Everything that came due meanwhile happens at once. */
  resume(): void {
    this.isPaused = false;
    for (const event of this.#deferred.splice(0)) this.#scheduler.resume(event);
  }

  /** Nothing of it ever runs again. */
  die(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#deferred.length = 0;
    for (const listener of this.#onDeath) listener();
    this.#onDeath.clear();
  }

  onDeath(listener: () => void): void {
    this.#onDeath.add(listener);
  }

  #after(ms: number, fn: () => void): Timer {
    const wait = Math.max(1, ms) / this.#drift + this.#dice.between(0, timerLatenessMs);
    const event = this.#scheduler.after(wait, this, fn);
    return {
      cancel: () => {
        event.run = undefined;
      },
    };
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const timer = this.#after(ms, () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      const abort = () => {
        timer.cancel();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
