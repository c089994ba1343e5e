/**
 * The one register of error codes. A code is API: it never changes its meaning. Each carries two
 * facts a caller can act on: `outcome` (did it happen?) and `retry` (may the same call succeed
 * later?). Nothing here knows HTTP; a gateway translates codes with a table that the compiler
 * checks is total.
 */
export type Outcome = 'none' | 'maybe' | 'done';

interface CodeFacts {
  readonly outcome: Outcome;
  readonly retry: boolean;
}

const certain: CodeFacts = { outcome: 'none', retry: false };
const later: CodeFacts = { outcome: 'none', retry: true };
const unknown: CodeFacts = { outcome: 'maybe', retry: true };

export const errorCodes = {
  // 1. What the caller asked for can't be.
  invalid_path: certain,
  path_too_long: certain,
  reserved_path: certain,
  invalid_argument: certain,
  path_not_found: certain,
  path_exists: certain,
  precondition_failed: certain,
  idempotency_key_reused: certain,
  range_unsatisfiable: certain,
  upload_incomplete: certain,
  digest_mismatch: certain,
  too_large: certain,
  canceled: certain,
  unauthenticated: certain,
  forbidden: certain,
  token_not_found: certain,
  last_admin: certain,
  node_not_found: certain,
  drain_refused: certain,
  removal_refused: certain,
  // 2. The cluster can't do it now; nothing happened.
  too_few_nodes: later,
  overloaded: later,
  too_many_requests: later,
  no_space: later,
  names_full: later,
  names_unavailable: later,
  volume_changed: later,
  session_lost: later,
  data_unavailable: later,
  data_damaged: certain,
  // 3. Whether it happened isn't known.
  outcome_unknown: unknown,
  // 4. Between processes.
  peer_unreachable: unknown,
  deadline_exceeded: unknown,
  peer_refused: later,
  invalid_message: certain,
  shard_missing: certain,
  shard_corrupt: certain,
  store_full: later,
  store_fenced: later,
  // 5. A bug.
  internal: unknown,
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorOptions {
  readonly path?: string;
  readonly cause?: unknown;
  /** Overrides the register's outcome where the thrower knows better. */
  readonly outcome?: Outcome;
}

/** An operating error: expected, typed, to be handled or shown. Programmer errors are `assert`s. */
export class DftfsError extends Error {
  override readonly name = 'DftfsError';
  readonly code: ErrorCode;
  readonly outcome: Outcome;
  readonly retry: boolean;
  readonly path: string | undefined;

  /** `detail` is one plain sentence for a person: what is wrong and what to do. */
  constructor(code: ErrorCode, detail: string, options: ErrorOptions = {}) {
    super(detail, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.outcome = options.outcome ?? errorCodes[code].outcome;
    this.retry = errorCodes[code].retry;
    this.path = options.path;
  }
}

export function isCode(error: unknown, ...codes: readonly ErrorCode[]): error is DftfsError {
  return error instanceof DftfsError && codes.includes(error.code);
}

/** Any thrown thing as a DftfsError; what isn't one is a bug and says `internal`. */
export function asDftfsError(error: unknown): DftfsError {
  if (error instanceof DftfsError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new DftfsError('internal', detail, { cause: error });
}
