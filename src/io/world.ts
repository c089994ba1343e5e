/**
 * The doors to the world. Product code reaches clock, timers, randomness, disk and sockets only
 * through these interfaces; `io/node/` is the real side, and a simulation brings its own.
 */
import type { Disk } from './disk.ts';
import type { Network } from './network.ts';

export interface Clock {
  /** Milliseconds on a monotonic clock of arbitrary origin. For every duration and deadline. */
  now(): number;
  /** Milliseconds since the epoch. For showing to people only; never compared across machines. */
  wall(): number;
}

export interface Timer {
  cancel(): void;
}

export interface Timers {
  /** Runs `fn` once after `ms`. The timer doesn't keep the process alive. */
  after(ms: number, fn: () => void): Timer;
  /** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  bytes(count: number): Buffer;
  /** Uniform in [0, 1). */
  float(): number;
}

export interface World {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly disk: Disk;
  readonly network: Network;
}
