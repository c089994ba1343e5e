/**
 * Virtual time. Everything that happens in a simulated run is an event here: one runs, then all
 * promises settle, then the next one runs. Nothing else is there to run, so a seed repeats exactly.
 */
import { EventHeap } from './event-heap.ts';
import { Trace } from './trace.ts';

/** Whose code an event runs: none runs after its owner's death or while it is stopped. */
export interface Owner {
  readonly number: number;
  readonly isDead: boolean;
  readonly isPaused: boolean;
  /** Keeps the event until the owner goes on. */
  defer(event: SimEvent): void;
}

export interface SimEvent {
  readonly at: number;
  readonly order: number;
  readonly owner: Owner | undefined;
  /** Undefined: canceled. */
  run: (() => void) | undefined;
}

/** Events between two turns of Node's own loop, which reports rejections that nobody handles. */
const eventsPerTurn = 1024;

export class Scheduler {
  readonly trace = new Trace();
  /** What an event threw: a fault of the product, or of the simulation. */
  onFault: (error: unknown, owner: Owner | undefined) => void = () => {};
  readonly #events = new EventHeap<SimEvent>();
  #now = 0;
  #order = 0;
  #owners = 0;

  /** Milliseconds since the run began. */
  get now(): number {
    return this.#now;
  }

  newOwnerNumber(): number {
    this.#owners += 1;
    return this.#owners;
  }

  after(ms: number, owner: Owner | undefined, run: () => void): SimEvent {
    const event = { at: this.#now + Math.max(0, ms), order: this.#order++, owner, run };
    this.#events.push(event);
    return event;
  }

  /** Puts an event that was deferred back in its place, at this time. */
  resume({ owner, run }: SimEvent): void {
    if (run !== undefined) this.after(0, owner, run);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, undefined, resolve));
  }

  /** Runs events until `isOver` says so. */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let steps = 0;
      const step = () => {
        if (isOver()) return resolve();
        const event = this.#events.pop();
        if (event === undefined) return reject(new Error('nothing is left to happen'));
        this.#runOne(event);
        steps += 1;
        // A tick that is added among the microtasks runs when all of them have.
        if (steps % eventsPerTurn === 0) setImmediate(step);
        else queueMicrotask(() => process.nextTick(step));
      };
      setImmediate(step);
    });
  }

  #runOne(event: SimEvent): void {
    this.#now = event.at;
    const { owner, run } = event;
    if (run === undefined || owner?.isDead) return;
    if (owner?.isPaused) {
      owner.defer(event);
      return;
    }
    this.trace.events += 1;
    this.trace.add(event.at);
    this.trace.add(owner?.number ?? 0);
    try {
      run();
    } catch (error) {
      this.onFault(error, owner);
    }
  }
}
