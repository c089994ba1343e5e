/**
 * How long things have stood in the kv, by this process's own clock: what was there at a revision
 * that was seen a while ago is at least as old. So no two machines' clocks are compared, and a few
 * marks do for any number of keys. An age, once told, stays true however late it is heard: so
 * processes can hand on what they know, and a new one needn't wait to find it out by itself.
 */
export interface RevisionAgesOptions {
  /** Ages are told up to this. */
  readonly agesMsMax: number;
  /** Between two marks: by so much things may be older than told. */
  readonly everyMs: number;
}

/** What was changed at this revision or before has stood for at least `ageMs`. */
export type ToldAge = readonly [revision: number, ageMs: number];

interface Mark {
  readonly revision: number;
  readonly seenAtMs: number;
}

export class RevisionAges {
  readonly #options: RevisionAgesOptions;
  /** Oldest first, of ever newer revisions. */
  #marks: readonly Mark[] = [];

  constructor(options: RevisionAgesOptions) {
    this.#options = options;
  }

  /** The kv has answered with `revision`, at the latest now. */
  note(revision: number, nowMs: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && nowMs - last.seenAtMs < this.#options.everyMs) return;
    this.#add([{ revision, seenAtMs: nowMs }], nowMs);
  }

  /** What another process has told. */
  learn(told: readonly ToldAge[], nowMs: number): void {
    this.#add(
      told.map(([revision, ageMs]) => ({ revision, seenAtMs: nowMs - ageMs })),
      nowMs,
    );
  }

  tell(nowMs: number): readonly ToldAge[] {
    return this.#marks.map(({ revision, seenAtMs }) => [revision, Math.floor(nowMs - seenAtMs)]);
  }

  /** What was changed at this revision or before has stood for `ageMs`. 0: nothing is known to. */
  standingFor(ageMs: number, nowMs: number): number {
    const old = this.#marks.findLast(({ seenAtMs }) => nowMs - seenAtMs >= ageMs);
    return old?.revision ?? 0;
  }

  /** Of those that are old enough for any question only the newest is of use. */
  #add(more: readonly Mark[], nowMs: number): void {
    const { agesMsMax, everyMs } = this.#options;
    const marks: Mark[] = [];
    for (const mark of [...this.#marks, ...more].sort(byTime)) {
      const last = marks.at(-1);
      if (last !== undefined && mark.revision <= last.revision) continue;
      if (nowMs - mark.seenAtMs >= agesMsMax) marks.length = 0;
      else if (last !== undefined && mark.seenAtMs - last.seenAtMs < everyMs) continue;
      marks.push(mark);
    }
    this.#marks = marks;
  }
}

/** Of what was seen at one time the newest says most. */
const byTime = (one: Mark, other: Mark): number =>
  one.seenAtMs - other.seenAtMs || other.revision - one.revision;
