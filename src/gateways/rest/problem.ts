/**
 * What goes wrong in HTTP itself, before or beside the storage: a register of codes of its own, and
 * the shape in which every error is answered (RFC 9457).
 */
import { asDftfsError, type DftfsError, type ErrorCode, type Outcome } from '#base/errors.ts';
import { httpStatusOf } from './error-map.ts';

export const httpProblems = {
  bad_request: 400,
  page_not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  length_required: 411,
  unsupported_encoding: 415,
  expectation_failed: 417,
  misdirected_request: 421,
  headers_too_large: 431,
  unsupported_transfer_coding: 501,
  not_ready: 503,
  shutting_down: 503,
  unsupported_http_version: 505,
} as const satisfies Record<string, number>;

export type HttpProblemCode = keyof typeof httpProblems;

/** A refusal in HTTP's own terms. Nothing happened. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly code: HttpProblemCode;
  readonly status: number;
  /** Flat list of names and values that go into the answer too. */
  readonly headers: readonly string[];

  constructor(code: HttpProblemCode, detail: string, headers: readonly string[] = []) {
    super(detail);
    this.code = code;
    this.status = httpProblems[code];
    this.headers = headers;
  }
}

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: ProblemBody;
}

export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode | HttpProblemCode;
  /**
   * 'none': nothing happened. 'maybe': it isn't known; a retry with the same Idempotency-Key
   * tells.
   */
  readonly outcome: Outcome;
  readonly path?: string;
  readonly requestId: string;
}

/** What a client that retries may wait for; the true time isn't known. */
const retryAfter = ['Retry-After', '1'];

/** It may tell a path, which a client chose. */
export const problemType = [
  ...['Content-Type', 'application/problem+json', 'Cache-Control', 'no-store'],
  ...['X-Content-Type-Options', 'nosniff'],
];

const challenge = ['WWW-Authenticate', 'Bearer realm="dftfs"'];

const titleOf = (code: string): string => {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

function answer(
  code: ErrorCode | HttpProblemCode,
  status: number,
  outcome: Outcome,
  detail: string,
  requestId: string,
  path: string | undefined,
  headers: readonly string[],
): ProblemAnswer {
  const body: ProblemBody = {
    type: `urn:dftfs:error:${code}`,
    title: titleOf(code),
    status,
    detail,
    code,
    outcome,
    ...(path === undefined ? {} : { path }),
    requestId,
  };
  return { status, headers, body };
}

const detailOfBug = 'The server met a bug. Its log tells more under this request id.';

function storageAnswer(error: DftfsError, requestId: string, path: string | undefined) {
  const status = httpStatusOf(error.code);
  const detail = error.code === 'internal' ? detailOfBug : error.message;
  const { code, outcome } = error;
  return answer(code, status, outcome, detail, requestId, error.path ?? path, headersOf(status));
}

function headersOf(status: number): readonly string[] {
  if (status === 401) return challenge;
  return status === 503 || status === 429 ? retryAfter : [];
}

export const problemCodeOf = (error: unknown): ErrorCode | HttpProblemCode =>
  error instanceof HttpProblem ? error.code : asDftfsError(error).code;

/** Any thrown thing as an answer. `path`: the request's own, where the error names none. */
export function problemAnswer(
  error: unknown,
  requestId: string,
  path: string | undefined,
): ProblemAnswer {
  if (!(error instanceof HttpProblem)) return storageAnswer(asDftfsError(error), requestId, path);
  const { code, status, message } = error;
  const headers = status === 503 ? [...error.headers, ...retryAfter] : error.headers;
  return answer(code, status, 'none', message, requestId, path, headers);
}
