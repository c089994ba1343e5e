/** Waits of this room: each ends by its event, by its time, or by the caller's going away. */
import { DftfsError } from '#base/errors.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { Timers } from '#io/world.ts';

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw canceled(signal);
}

export function canceled(signal: AbortSignal): DftfsError {
  if (signal.reason instanceof DftfsError) return signal.reason;
  return new DftfsError('canceled', 'The caller has gone.', { cause: signal.reason });
}

/** Settles with the promise, or resolves after `ms`, or throws as soon as the signal aborts. */
export async function settled(
  promise: Promise<unknown>,
  ms: number,
  timers: Timers,
  signal: AbortSignal,
): Promise<void> {
  throwIfAborted(signal);
  await new Promise<void>((resolve, reject) => {
    const aborted = () => reject(canceled(signal));
    const timer = timers.after(ms, resolve);
    signal.addEventListener('abort', aborted, { once: true });
    promise
      .then(() => resolve(), reject)
      .finally(() => {
        timer.cancel();
        signal.removeEventListener('abort', aborted);
      });
  });
}

/** Waits for a change of the map, at most `ms`. */
export async function mapChange(
  map: ClusterMap,
  ms: number,
  timers: Timers,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = map.onChange(resolve);
  try {
    await settled(promise, ms, timers, signal);
  } finally {
    stop();
    resolve();
  }
}

/** Remembers that something happened until somebody waits for it; one waiter at a time. */
export class Wakeup {
  #woken = false;
  #waiter: (() => void) | undefined;

  wake = (): void => {
    this.#woken = true;
    this.#waiter?.();
  };

  async wait(): Promise<void> {
    if (!this.#woken) await new Promise<void>((resolve) => (this.#waiter = resolve));
    this.#waiter = undefined;
    this.#woken = false;
  }
}

/**
 * Lets through so many bytes at once; the others wait in order. Something larger than all goes
 * alone.
 */
export class ByteGate {
  readonly #limit: number;
  #inside = 0;
  readonly #waiting: { bytes: number; enter: () => void }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get inside(): number {
    return this.#inside;
  }

  async enter(bytes: number, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    if (this.tryEnter(bytes)) return;
    await new Promise<void>((resolve, reject) => {
      const place = {
        bytes,
        enter: () => {
          signal.removeEventListener('abort', aborted);
          resolve();
        },
      };
      const aborted = () => {
        this.#waiting.splice(this.#waiting.indexOf(place), 1);
        this.#admit();
        reject(canceled(signal));
      };
      signal.addEventListener('abort', aborted, { once: true });
      this.#waiting.push(place);
    });
  }

  /** False: not now. */
  tryEnter(bytes: number): boolean {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) return false;
    this.#inside += bytes;
    return true;
  }

  leave(bytes: number): void {
    this.#inside -= bytes;
    this.#admit();
  }

  #fits(bytes: number): boolean {
    return this.#inside === 0 || this.#inside + bytes <= this.#limit;
  }

  #admit(): void {
    for (let [first] = this.#waiting; first && this.#fits(first.bytes); [first] = this.#waiting) {
      this.#waiting.shift();
      this.#inside += first.bytes;
      first.enter();
    }
  }
}
