/** How a program that ran the command learns what became of it. The codes are API. */
import {
  IdempotencyKeyReusedError,
  InvalidArgumentError,
  InvalidPathError,
  NoSpaceError,
  OutcomeUnknownError,
  PathExistsError,
  PathNotFoundError,
  PreconditionFailedError,
  RangeUnsatisfiableError,
  StorageError,
  UnavailableError,
} from '#client/index.ts';

export const exitCodes = {
  ok: { code: 0, means: 'done; the answer is yes' },
  no: { code: 1, means: 'nothing is there; the answer is no; `doctor` found something' },
  usage: { code: 2, means: 'the command line, the settings or a path make no sense' },
  conflict: { code: 3, means: 'the path is taken, or a promise would break: nothing was changed' },
  unavailable: { code: 4, means: 'no endpoint could do it now: nothing was changed' },
  damaged: { code: 5, means: 'bytes are not what they should be' },
  unknown: { code: 6, means: 'whether it happened is not known: look, or do it again' },
  full: { code: 7, means: 'the cluster has no space left' },
  denied: { code: 8, means: 'the token is missing, wrong, or has no right to this' },
  local: { code: 9, means: 'a file on this side could not be read or written' },
  bug: { code: 70, means: 'a bug, here or in the server' },
  interrupted: { code: 130, means: 'interrupted' },
  unread: { code: 141, means: 'who read the output has gone, as in `dftfs ls | head`' },
} as const satisfies Record<string, { readonly code: number; readonly means: string }>;

export type ExitKind = keyof typeof exitCodes;

/** The command line or the settings are wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Bytes that aren't what they should be. */
export class DamagedError extends Error {
  override readonly name = 'DamagedError';
}

/** Something on this side is in the way. */
export class LocalError extends Error {
  override readonly name = 'LocalError';
}

/** Somebody pressed Ctrl-C, or wanted the process to end. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

type ErrorClass = abstract new (...given: never[]) => Error;

const kindOfClass: readonly (readonly [ErrorClass, ExitKind])[] = [
  [UsageError, 'usage'],
  [DamagedError, 'damaged'],
  [LocalError, 'local'],
  [InterruptedError, 'interrupted'],
  [PathNotFoundError, 'no'],
  [InvalidPathError, 'usage'],
  [InvalidArgumentError, 'usage'],
  [RangeUnsatisfiableError, 'usage'],
  [PathExistsError, 'conflict'],
  [PreconditionFailedError, 'conflict'],
  [IdempotencyKeyReusedError, 'conflict'],
  [NoSpaceError, 'full'],
  [OutcomeUnknownError, 'unknown'],
  [UnavailableError, 'unavailable'],
];

/** What the class alone doesn't say. */
const kindOfCode: Readonly<Record<string, ExitKind>> = {
  data_damaged: 'damaged',
  digest_mismatch: 'damaged',
  node_not_found: 'no',
  page_not_found: 'no',
  drain_refused: 'conflict',
  removal_refused: 'conflict',
  token_not_found: 'no',
  last_admin: 'conflict',
};

export function exitKindOf(error: unknown): ExitKind {
  if (error instanceof StorageError) {
    if (error.status === 401 || error.status === 403) return 'denied';
    const ofCode = Object.hasOwn(kindOfCode, error.code) ? kindOfCode[error.code] : undefined;
    if (ofCode !== undefined) return ofCode;
  }
  const found = kindOfClass.find(([type]) => error instanceof type);
  if (found !== undefined) return found[1];
  return isSystemError(error) ? 'local' : 'bug';
}

/** Of Node's own calls to the system: a disk is full, a file can't be opened. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;
