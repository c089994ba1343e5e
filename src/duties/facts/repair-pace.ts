/** How quickly this node rebuilds what it lacks: looks every so often at how much it has done. */
import type { Clock } from '#io/world.ts';
import type { Duty } from '../duty.ts';

const windowMs = 10_000;

export class RepairPace implements Duty {
  readonly name = 'repair pace';
  readonly #clock: Clock;
  readonly #bytesDone: () => number;
  readonly #seen: { readonly at: number; readonly bytes: number }[] = [];

  /** `bytesDone`: since the process began. */
  constructor(clock: Clock, bytesDone: () => number) {
    this.#clock = clock;
    this.#bytesDone = bytesDone;
  }

  get bytesPerSecond(): number {
    const first = this.#seen[0];
    const last = this.#seen.at(-1);
    if (first === undefined || last === undefined || last.at === first.at) return 0;
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at);
  }

  async step(): Promise<'idle'> {
    const at = this.#clock.now();
    this.#seen.push({ at, bytes: this.#bytesDone() });
    while (this.#seen.length > 2 && at - (this.#seen[1]?.at ?? at) >= windowMs) this.#seen.shift();
    return 'idle';
  }
}
