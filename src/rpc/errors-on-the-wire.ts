/**
 * How an error crosses between processes: what a caller can act on, never what is inside a process.
 */
import { DftfsError, type ErrorCode, errorCodes, type Outcome } from '#base/errors.ts';

interface WireError {
  readonly code: string;
  readonly outcome: Outcome;
  readonly detail: string;
  readonly path?: string;
}

const detailCharactersMax = 2_000;
const outcomes: readonly unknown[] = ['none', 'maybe', 'done'] satisfies readonly Outcome[];

/**
 * An error that isn't a DftfsError is a bug; its text stays in the log of the process that has it.
 */
export function errorToWire(error: unknown): WireError {
  if (!(error instanceof DftfsError)) {
    return {
      code: 'internal',
      outcome: errorCodes.internal.outcome,
      detail: 'The peer met an unexpected error; its log tells more.',
    };
  }
  const { code, outcome, path } = error;
  const detail = error.message.slice(0, detailCharactersMax);
  return path === undefined ? { code, outcome, detail } : { code, outcome, detail, path };
}

/** A code this version doesn't know reads as `internal`, its outcome kept. */
export function errorFromWire(head: unknown): DftfsError {
  const { code, outcome, detail, path } = (head ?? {}) as Partial<Record<keyof WireError, unknown>>;
  const known = typeof code === 'string' && Object.hasOwn(errorCodes, code);
  return new DftfsError(
    known ? (code as ErrorCode) : 'internal',
    typeof detail === 'string' ? detail : 'The peer failed without saying why.',
    {
      ...(outcomes.includes(outcome) ? { outcome: outcome as Outcome } : {}),
      ...(typeof path === 'string' ? { path } : {}),
    },
  );
}
