/**
 * What was done to which process, and when: the only excuse for a request without an answer is that
 * it was under way at a node at the moment that this was killed or stopped.
 */
export type HarmSignal = 'SIGKILL' | 'SIGSTOP';

export interface Harm {
  readonly name: string;
  readonly signal: HarmSignal;
  readonly fromMs: number;
  /** When it was seen to be dead or stopped. */
  untilMs?: number;
}

export class Harms {
  readonly #done: Harm[] = [];

  get done(): readonly Harm[] {
    return this.#done;
  }

  begin(name: string, signal: HarmSignal, fromMs: number): Harm {
    const harm: Harm = { name, signal, fromMs };
    this.#done.push(harm);
    return harm;
  }

  /**
   * Whether the process that held this request may have been the one. The dead answer nothing; who
   * was stopped and woke again may say 503.
   */
  mayHaveCut(request: { beganMs: number; endedMs: number; wasAnswered: boolean }): boolean {
    return this.#done.some(
      ({ name, signal, fromMs, untilMs = Number.POSITIVE_INFINITY }) =>
        name.startsWith('node-') &&
        (signal === 'SIGSTOP' || !request.wasAnswered) &&
        request.beganMs <= untilMs &&
        request.endedMs >= fromMs,
    );
  }
}
