/**
 * One kind of operations on their way to the kv: a bounded queue, and a fixed number of
 * transactions in flight. Whatever arrives while these are under way goes into the next one, so
 * batches grow with the load and an operation that finds the lane idle goes at once.
 */
import { DftfsError } from '#base/errors.ts';
import type { Clock, Timer, Timers } from '#io/world.ts';
import { outOfScope } from '#observe/request-scope.ts';

/** What became of an operation. */
export type Settled<R> = R | DftfsError;

export interface LaneItem<R> {
  /** By the monotonic clock: whoever asked has given up by then. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  readonly settle: (outcome: Settled<R>) => void;
}

export interface LaneWork<T> {
  /** Takes the next batch off a queue that isn't empty, and at least its first item. */
  take(queue: readonly T[]): { readonly batch: readonly T[]; readonly left: readonly T[] };
  /** Settles every item of the batch; never rejects. */
  run(batch: readonly T[]): Promise<void>;
}

export interface LaneOptions {
  readonly queueMax: number;
  readonly inFlightMax: number;
  /**
   * After a batch the lane rests, up to as long as the batch took, so that the next is fuller: this
   * share of that time for each operation beyond the first. One that came alone holds up nobody.
   */
  readonly restShare: number;
  readonly restMsMax: number;
}

export interface LaneDeps {
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Less is not worth a timer, which counts in milliseconds. */
const restMsMin = 0.5;

export class Lane<R, T extends LaneItem<R>> {
  readonly #deps: LaneDeps;
  readonly #work: LaneWork<T>;
  readonly #options: LaneOptions;
  #queue: T[] = [];
  #inFlight = 0;
  #pumpScheduled = false;
  #rest: Timer | undefined;

  constructor(deps: LaneDeps, work: LaneWork<T>, options: LaneOptions) {
    this.#deps = deps;
    this.#work = work;
    this.#options = options;
  }

  get queued(): number {
    return this.#queue.length;
  }

  push(item: T): void {
    if (this.#queue.length >= this.#options.queueMax) {
      item.settle(new DftfsError('overloaded', 'Too many operations on names are waiting.'));
      return;
    }
    this.#queue.push(item);
    if (this.#pumpScheduled || this.#inFlight >= this.#options.inFlightMax) return;
    // Not at once: what the caller pushes in the same breath belongs in the same batch.
    this.#pumpScheduled = true;
    queueMicrotask(() => {
      this.#pumpScheduled = false;
      // What is many requests' work is no single one's.
      outOfScope(() => this.#pump());
    });
  }

  #pump(): void {
    while (this.#inFlight < this.#options.inFlightMax && this.#rest === undefined) {
      const startedAt = this.#deps.clock.now();
      this.#dropAbandoned(startedAt);
      if (this.#queue.length === 0) return;
      const { batch, left } = this.#work.take(this.#queue);
      this.#queue = [...left];
      this.#inFlight += 1;
      void this.#work.run(batch).finally(() => {
        this.#inFlight -= 1;
        this.#restAfter(batch.length, this.#deps.clock.now() - startedAt);
        this.#pump();
      });
    }
  }

  #restAfter(operations: number, tookMs: number): void {
    const { restShare, restMsMax } = this.#options;
    const ms = Math.min(restMsMax, tookMs * Math.min(1, (operations - 1) * restShare));
    if (ms < restMsMin || this.#rest !== undefined) return;
    this.#rest = this.#deps.timers.after(ms, () => {
      this.#rest = undefined;
      this.#pump();
    });
  }

  /** Nobody waits for these any more, and they can still be said not to have happened. */
  #dropAbandoned(now: number): void {
    const abandoned = (item: T) => item.deadline <= now || item.signal?.aborted === true;
    if (!this.#queue.some(abandoned)) return;
    const dropped = this.#queue.filter(abandoned);
    this.#queue = this.#queue.filter((item) => !abandoned(item));
    for (const item of dropped) {
      const detail = 'Nobody waited any longer when the turn of the operation came.';
      item.settle(new DftfsError('deadline_exceeded', detail, { outcome: 'none' }));
    }
  }
}
