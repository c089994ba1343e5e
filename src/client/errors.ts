/**
 * What can go wrong, by type. Each has a stable `code`; where the server spoke, its request id
 * too.
 */
export interface StorageErrorDetails {
  readonly code: string;
  readonly path?: string | undefined;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

export class StorageError extends Error {
  override readonly name: string = 'StorageError';
  readonly code: string;
  readonly path: string | undefined;
  /** The HTTP status, if a server has answered. */
  readonly status: number | undefined;
  readonly requestId: string | undefined;

  constructor(message: string, details: StorageErrorDetails) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.code = details.code;
    this.path = details.path;
    this.status = details.status;
    this.requestId = details.requestId;
  }
}

/** No file has this path. */
export class PathNotFoundError extends StorageError {
  override readonly name = 'PathNotFoundError';
}
/** The path is taken; what is there is as it was. */
export class PathExistsError extends StorageError {
  override readonly name = 'PathExistsError';
}
/** No file can have this path. */
export class InvalidPathError extends StorageError {
  override readonly name = 'InvalidPathError';
}
export class InvalidArgumentError extends StorageError {
  override readonly name = 'InvalidArgumentError';
}
/** The file isn't the one that was meant: it was replaced, or removed, meanwhile. */
export class PreconditionFailedError extends StorageError {
  override readonly name = 'PreconditionFailedError';
}
export class RangeUnsatisfiableError extends StorageError {
  override readonly name = 'RangeUnsatisfiableError';
}
/** The bytes changed on their way; nothing was stored. */
export class DigestMismatchError extends StorageError {
  override readonly name = 'DigestMismatchError';
}
export class IdempotencyKeyReusedError extends StorageError {
  override readonly name = 'IdempotencyKeyReusedError';
}
export class TooLargeError extends StorageError {
  override readonly name = 'TooLargeError';
}
export class NoSpaceError extends StorageError {
  override readonly name = 'NoSpaceError';
}
/** Nothing happened, and every endpoint has been tried for as long as allowed. */
export class UnavailableError extends StorageError {
  override readonly name = 'UnavailableError';
}
/** A write may have happened, or may yet: the same call with the same idempotency key tells. */
export class OutcomeUnknownError extends StorageError {
  override readonly name = 'OutcomeUnknownError';
}

type ErrorClass = new (message: string, details: StorageErrorDetails) => StorageError;

const classOfCode: Readonly<Record<string, ErrorClass>> = {
  path_not_found: PathNotFoundError,
  path_exists: PathExistsError,
  invalid_path: InvalidPathError,
  path_too_long: InvalidPathError,
  reserved_path: InvalidPathError,
  invalid_argument: InvalidArgumentError,
  precondition_failed: PreconditionFailedError,
  range_unsatisfiable: RangeUnsatisfiableError,
  digest_mismatch: DigestMismatchError,
  idempotency_key_reused: IdempotencyKeyReusedError,
  too_large: TooLargeError,
  no_space: NoSpaceError,
  names_full: NoSpaceError,
  store_full: NoSpaceError,
};

export function storageError(message: string, details: StorageErrorDetails): StorageError {
  const found = Object.hasOwn(classOfCode, details.code) ? classOfCode[details.code] : undefined;
  return new (found ?? StorageError)(message, details);
}
