/**
 * One call, brought to whichever member can serve it, within the caller's time. A call that may
 * safely be repeated moves on from a member that fails or is slow; a write does so only when it is
 * proven that it had no effect, and is otherwise reported as `outcome_unknown`.
 */
import { asDftfsError, DftfsError } from '#base/errors.ts';
import type { Clock, Timers } from '#io/world.ts';
import type { CallOptions } from '../kv.ts';
import type { EtcdMetrics } from './etcd-metrics.ts';
import { judge } from './failures.ts';
import { GrpcFailure, grpcStatus } from './grpc-call.ts';
import type { Member, Members } from './members.ts';

export interface CallsDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly members: Members;
  readonly metrics?: EtcdMetrics | undefined;
}

/** Between two rounds over all members. */
const roundPauseMs = 50;

export class Calls {
  readonly #deps: CallsDeps;
  readonly #perAttemptTimeoutMs: number;

  constructor(deps: CallsDeps, options: { perAttemptTimeoutMs: number }) {
    this.#deps = deps;
    this.#perAttemptTimeoutMs = options.perAttemptTimeoutMs;
  }

  /** Reads, and writes that have the same effect however often they are done. */
  repeatable(method: string, message: Buffer, options: CallOptions): Promise<Buffer> {
    return this.#counted(method, message, options, true);
  }

  write(method: string, message: Buffer, options: CallOptions): Promise<Buffer> {
    return this.#counted(method, message, options, false);
  }

  async #counted(
    method: string,
    message: Buffer,
    options: CallOptions,
    repeatable: boolean,
  ): Promise<Buffer> {
    const { clock, metrics } = this.#deps;
    if (metrics === undefined) return await this.#call(method, message, options, repeatable);
    const began = clock.now();
    let code: string | undefined;
    try {
      return await this.#call(method, message, options, repeatable);
    } catch (error) {
      code = asDftfsError(error).code;
      throw error;
    } finally {
      metrics.called(method, clock.now() - began, code);
    }
  }

  async #call(
    method: string,
    message: Buffer,
    options: CallOptions,
    repeatable: boolean,
  ): Promise<Buffer> {
    const { clock, timers, members, metrics } = this.#deps;
    const deadline = clock.now() + options.timeoutMs;
    const tried = new Set<Member>();
    let last: GrpcFailure | undefined;
    for (;;) {
      const leftMs = deadline - clock.now();
      if (options.signal?.aborted) throw canceled('none');
      if (members.closed) throw new DftfsError('names_unavailable', 'The etcd driver is closed.');
      if (leftMs <= 0) throw unavailable(members, last);
      const member = members.pick(tried, options.viaLeader);
      if (member === undefined) {
        tried.clear();
        await timers.sleep(Math.min(roundPauseMs, leftMs), options.signal).catch(() => {});
        continue;
      }
      tried.add(member);
      const attempt = {
        timeoutMs: Math.min(this.#perAttemptTimeoutMs, leftMs),
        signal: options.signal,
      };
      try {
        return await member.channel.unary(method, message, attempt);
      } catch (failure) {
        if (!(failure instanceof GrpcFailure)) throw failure;
        metrics?.attemptFailed();
        if (options.signal?.aborted) throw canceled(repeatable || !failure.sent ? 'none' : 'maybe');
        const { error, nothingHappened } = judge(failure);
        if (error !== undefined) throw error;
        const cutShort =
          failure.status === grpcStatus.deadlineExceeded &&
          attempt.timeoutMs < this.#perAttemptTimeoutMs;
        if (cutShort) members.doubt(member);
        else members.failed(member, failure.message);
        if (!repeatable && !nothingHappened) throw unknown(member, failure);
        last = failure;
      }
    }
  }
}

const canceled = (outcome: 'none' | 'maybe') =>
  new DftfsError('canceled', 'The caller gave up.', { outcome });

function unavailable(members: Members, last: GrpcFailure | undefined): DftfsError {
  const { endpoints, of } = members.missing();
  const why =
    endpoints.length > 0
      ? `${endpoints.length} of the ${of} etcd members don't answer: ${endpoints.join(', ')}.`
      : `No etcd member answered in time (${last?.message ?? 'none was asked'}).`;
  return new DftfsError('names_unavailable', why, { cause: last });
}

const unknown = (member: Member, failure: GrpcFailure) =>
  new DftfsError(
    'outcome_unknown',
    `etcd at ${member.endpoint} did not say what became of a write (${failure.message}).`,
    { cause: failure },
  );
