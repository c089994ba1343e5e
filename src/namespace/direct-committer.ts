/**
 * Takes operations on names straight to the kv, one transaction each. Promises: a write happens at
 * most once and what is reported is what happened, whatever is lost on the way; every call ends
 * within its time. An unclear outcome is settled by sending the same guarded transaction again.
 */
import { DftfsError, isCode } from '#base/errors.ts';
import type { Clock, Timers } from '#io/world.ts';
import type { Kv, RangeOp, RangeResult, TxnResult } from '#kv/kv.ts';
import type { CommitOptions, Committer, WriteRequest, WriteResult } from './committer.ts';
import { Deadline } from './deadline.ts';
import { guardTxn, readGuarded } from './guarded-txn.ts';

export interface DirectCommitterDeps {
  readonly kv: Pick<Kv, 'txn'>;
  readonly timers: Timers;
  readonly clock: Clock;
}

export interface DirectCommitterOptions {
  /** One try's share of the whole time: a stuck engine member costs at most this. */
  readonly tryTimeoutMs: number;
}

export interface DirectWriteOptions extends CommitOptions {
  /** The operation was sent another way before, and that may have been applied or may yet be. */
  readonly maybeSent?: boolean;
}

const pauseMsFirst = 10;
const pauseMsMax = 200;

export class DirectCommitter implements Committer {
  readonly #deps: DirectCommitterDeps;
  readonly #options: DirectCommitterOptions;

  constructor(deps: DirectCommitterDeps, options: DirectCommitterOptions = { tryTimeoutMs: 1000 }) {
    this.#deps = deps;
    this.#options = options;
  }

  async read(ranges: readonly RangeOp[], options: CommitOptions): Promise<readonly RangeResult[]> {
    const result = await this.#try(options, async (timeoutMs) => {
      throwIfCanceled(options.signal);
      return this.#deps.kv.txn({ compare: [], then: ranges, else: [] }, { ...options, timeoutMs });
    });
    return result.results as readonly RangeResult[];
  }

  /**
   * A write that was sent isn't called back: its few milliseconds are cheaper than an open outcome.
   */
  async write(request: WriteRequest, options: DirectWriteOptions): Promise<WriteResult> {
    let maybeSent = options.maybeSent ?? false;
    try {
      const result = await this.#try(options, async (timeoutMs) => {
        if (!maybeSent) throwIfCanceled(options.signal);
        try {
          const { frees = false } = request;
          return await this.#deps.kv.txn(guardTxn(request, maybeSent), { timeoutMs, frees });
        } catch (error) {
          if (!(error instanceof DftfsError) || error.outcome !== 'none') maybeSent = true;
          throw error;
        }
      });
      return readGuarded(result);
    } catch (error) {
      throw maybeSent ? withOpenOutcome(error) : error;
    }
  }

  /**
   * Tries until the time is over. The error at the end: names_unavailable, with the last one's
   * reason.
   */
  async #try(
    { timeoutMs }: CommitOptions,
    attempt: (timeoutMs: number) => Promise<TxnResult>,
  ): Promise<TxnResult> {
    const deadline = new Deadline(this.#deps.clock, timeoutMs);
    let last: unknown;
    for (
      let pauseMs = pauseMsFirst;
      !deadline.passed;
      pauseMs = Math.min(2 * pauseMs, pauseMsMax)
    ) {
      try {
        return await attempt(Math.min(this.#options.tryTimeoutMs, deadline.leftMs()));
      } catch (error) {
        if (!isCode(error, 'names_unavailable', 'outcome_unknown')) throw error;
        last = error;
      }
      await this.#deps.timers.sleep(Math.min(pauseMs, deadline.leftMs()));
    }
    const reason = last instanceof Error ? last.message : 'There was no time left to ask it.';
    const detail = `The names engine did not answer in time; try again later. ${reason}`;
    throw new DftfsError('names_unavailable', detail, { cause: last });
  }
}

function throwIfCanceled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new DftfsError('canceled', 'The caller has gone; nothing was done.');
}

function withOpenOutcome(error: unknown): unknown {
  if (isCode(error, 'names_full')) {
    return new DftfsError('names_full', error.message, { cause: error, outcome: 'maybe' });
  }
  const detail =
    'Whether the change was made is not known; repeat it with the same Idempotency-Key.';
  return new DftfsError('outcome_unknown', detail, { cause: error });
}
