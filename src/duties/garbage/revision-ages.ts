/**
 * How long things have stood in the kv, by this process's own clock: what was there at a revision
 * that was seen a while ago is at least as old. So no two machines' clocks are compared, and a few
 * marks do for any number of keys.
 */
export interface RevisionAgesOptions {
  /** Ages are told up to this. */
  readonly agesMsMax: number;
  /** Between two marks: by so much things may be older than told. */
  readonly everyMs: number;
}

interface Mark {
  readonly revision: number;
  readonly seenAtMs: number;
}

export class RevisionAges {
  readonly #options: RevisionAgesOptions;
  readonly #marks: Mark[] = [];

  constructor(options: RevisionAgesOptions) {
    this.#options = options;
  }

  /** The kv has answered with `revision`, at the latest now. */
  note(revision: number, nowMs: number): void {
    const { agesMsMax, everyMs } = this.#options;
    const last = this.#marks.at(-1);
    if (last !== undefined && nowMs - last.seenAtMs < everyMs) return;
    this.#marks.push({ revision, seenAtMs: nowMs });
    // Of those that are old enough for any question only the newest is of use.
    while (nowMs - (this.#marks[1]?.seenAtMs ?? nowMs) >= agesMsMax) this.#marks.shift();
  }

  /** What was changed at this revision or before has stood for `ageMs`. 0: nothing is known to. */
  standingFor(ageMs: number, nowMs: number): number {
    const old = this.#marks.findLast(({ seenAtMs }) => nowMs - seenAtMs >= ageMs);
    return old?.revision ?? 0;
  }
}
