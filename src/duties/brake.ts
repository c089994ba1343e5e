/**
 * The one brake of all duties: work in the background yields to clients. After a unit of work a
 * duty rests in proportion to what the unit took: not at all while no client is there, several
 * times as long while many are, and longest where what it does can wait. So its share of disk and
 * processor has a bound, whatever it does.
 */
import type { Clock } from '#io/world.ts';

export interface BrakeOptions {
  /** Rest for each unit of work while clients are busy. */
  readonly restMax: number;
  /** The same for what can wait: nothing is lost by it yet, even if one more node dies. */
  readonly patientRestMax: number;
  /** Requests of clients a second from which on they count as busy. */
  readonly busyPerSecond: number;
  /** What clients did in so long counts. */
  readonly windowMs: number;
  readonly pauseMsMax: number;
}

export const brakeDefaults: BrakeOptions = {
  restMax: 4,
  patientRestMax: 12,
  busyPerSecond: 10,
  windowMs: 1000,
  pauseMsMax: 2000,
};

export class Brake {
  readonly #clock: Clock;
  readonly #options: BrakeOptions;
  readonly #requests: () => number;
  #last: { readonly at: number; readonly requests: number };
  #perSecond = 0;

  /** `requests`: how many of clients this node has had a part in since it began. */
  constructor(clock: Clock, requests: () => number, options: BrakeOptions = brakeDefaults) {
    this.#clock = clock;
    this.#options = options;
    this.#requests = requests;
    this.#last = { at: clock.now(), requests: requests() };
  }

  /** How long to rest after a unit that took `workMs`. */
  restMs(workMs: number, isPatient = false): number {
    const { restMax, patientRestMax, busyPerSecond, pauseMsMax } = this.#options;
    const share = Math.min(1, this.#rate() / busyPerSecond);
    return Math.min(pauseMsMax, workMs * (isPatient ? patientRestMax : restMax) * share);
  }

  #rate(): number {
    const now = this.#clock.now();
    const elapsedMs = now - this.#last.at;
    if (elapsedMs >= this.#options.windowMs) {
      const requests = this.#requests();
      this.#perSecond = ((requests - this.#last.requests) * 1000) / elapsedMs;
      this.#last = { at: now, requests };
    }
    return this.#perSecond;
  }
}
