/** What a failed call of etcd means: whether anything can have happened, and what to do next. */
import { DftfsError, isCode } from '#base/errors.ts';
import { GrpcFailure, grpcStatus } from './grpc-call.ts';

export interface Verdict {
  /** Final: to be thrown. Undefined: the member couldn't serve the call, another one may. */
  readonly error?: DftfsError;
  /** Proven that the request had no effect, so that even a write may be sent again. */
  readonly nothingHappened: boolean;
}

const tryAnother = (nothingHappened: boolean): Verdict => ({ nothingHappened });
const final = (error: DftfsError): Verdict => ({ error, nothingHappened: true });

/** Refused before anything was proposed to the other members. */
const refusedAtTheDoor = [
  'etcdserver: no leader',
  'etcdserver: too many requests',
  'etcdserver: not capable',
  'raft proposal dropped',
];

export function judge(failure: GrpcFailure): Verdict {
  if (!failure.sent) return tryAnother(true);
  const { status, message } = failure;
  const told = { cause: failure };
  switch (status) {
    case grpcStatus.invalidArgument:
      return final(
        new DftfsError('invalid_argument', `etcd refused the request: ${message}.`, told),
      );
    case grpcStatus.notFound:
      return final(new DftfsError('session_lost', `The lease is gone: ${message}.`, told));
    case grpcStatus.failedPrecondition:
      return final(new DftfsError('precondition_failed', `etcd refused: ${message}.`, told));
    case grpcStatus.outOfRange:
      if (message.includes('TTL'))
        return final(new DftfsError('invalid_argument', `etcd refused: ${message}.`, told));
      return final(new DftfsError('names_unavailable', `No such revision: ${message}.`, told));
    case grpcStatus.resourceExhausted:
      return judgeExhausted(failure);
    default:
      return tryAnother(refusedAtTheDoor.some((known) => message.includes(known)));
  }
}

function judgeExhausted(failure: GrpcFailure): Verdict {
  const { message } = failure;
  const told = { cause: failure };
  if (message.includes('database space exceeded')) {
    const detail = 'etcd has no space left for names: delete files, or raise its quota.';
    // etcd says so even of some writes that it then does apply.
    return final(new DftfsError('names_full', detail, { ...told, outcome: 'maybe' }));
  }
  if (message.includes('larger than max') || message.includes('too large'))
    return final(new DftfsError('invalid_argument', `Too large for etcd: ${message}.`, told));
  return tryAnother(refusedAtTheDoor.some((known) => message.includes(known)));
}

/** The member refused the call itself: it is there, whatever it lacks. */
export const isReply = (error: unknown): boolean =>
  error instanceof GrpcFailure && error.message.includes('etcdserver: ');

export const isLeaseGone = (error: unknown): boolean => isCode(error, 'session_lost');

/** A lease of this id was granted before. */
export const isLeaseThere = (error: unknown): boolean =>
  isCode(error, 'precondition_failed') && error.message.includes('lease already exists');
