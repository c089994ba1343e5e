/** Writes down what clients ask and are told, and what went wrong beyond that. */
import { httpStatusOf } from '#gateways/rest/error-map.ts';
import { type Call, describeCall, type Operation, type Result } from '../checks/history.ts';
import type { Content } from './content.ts';
import type { Answer } from './front-door.ts';
import type { Scheduler } from './world/scheduler.ts';

export interface Failure {
  readonly kind: string;
  readonly detail: string;
  readonly atMs: number;
  /** An SVG. */
  readonly drawing?: string;
}

export class Recorder {
  readonly history: Operation[] = [];
  readonly failures: Failure[] = [];
  /** Nodes that ended by themselves, and why. */
  readonly exits: string[] = [];
  readonly contents = new Map<string, Content>();
  /** How often each answer was given. */
  readonly answers = new Map<string, number>();
  readonly #scheduler: Scheduler;
  /** Whatever became of them. */
  operations = 0;
  /** In histories that took too long to judge. */
  undecided = 0;
  #contents = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  newContentNumber(): number {
    this.#contents += 1;
    return this.#contents;
  }

  fail(kind: string, detail: string, drawing?: string): void {
    const atMs = Math.round(this.#scheduler.now);
    this.failures.push({ kind, detail, atMs, ...(drawing === undefined ? {} : { drawing }) });
  }

  /** Does it and writes down what came of it. */
  async record<T>(
    client: string,
    call: Call,
    act: () => Promise<Answer<T>>,
    nameOf: (value: T) => string | undefined = () => undefined,
  ): Promise<Result> {
    const id = ++this.operations;
    const calledAt = this.#scheduler.now;
    const answer = await act();
    const result = this.#resultOf(call, answer, nameOf);
    const isUnknown = result?.kind === 'unknown';
    const returnedAt = isUnknown ? Number.POSITIVE_INFINITY : this.#scheduler.now;
    this.#scheduler.trace.addText(`${id} ${call.verb} ${result?.kind} ${result?.value}`);
    // What has certainly done nothing doesn't matter to anyone.
    if (result === undefined) return { kind: 'unknown' };
    this.history.push({ id, client, call, result, calledAt, returnedAt });
    return result;
  }

  /** Undefined: nothing has happened, for sure. */
  #resultOf<T>(
    call: Call,
    answer: Answer<T>,
    nameOf: (value: T) => string | undefined,
  ): Result | undefined {
    this.#count(call, answer);
    if (answer.kind === 'refused') return undefined;
    if (answer.kind === 'hang') this.fail('hang', describeCall(call));
    if (answer.kind === 'silence' || answer.kind === 'hang') return { kind: 'unknown' };
    if (answer.kind === 'value') {
      const value = nameOf(answer.value);
      return value === undefined ? { kind: 'done' } : { kind: 'done', value };
    }
    const { code, outcome, message } = answer.error;
    if (code === 'path_not_found') return { kind: 'missing' };
    if (code === 'path_exists') return { kind: 'taken' };
    const status = httpStatusOf(code);
    if (status === 500) this.fail('internal error', `${call.verb}: ${code}: ${message}`);
    if (status < 500 || outcome === 'none') return undefined;
    return { kind: 'unknown' };
  }

  #count(call: Call, answer: Answer<unknown>): void {
    const what = answer.kind === 'error' ? answer.error.code : answer.kind;
    const key = `${call.verb} ${what}`;
    this.answers.set(key, (this.answers.get(key) ?? 0) + 1);
  }
}
