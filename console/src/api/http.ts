/**
 * Requests to the address that this page came from. Any living node answers there, so what fails
 * is tried again soon; a write carries a key by which a retry of a success is a success.
 */
import { tokenInHand, tokenRefused } from '../session/session.ts';

export interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly triesMax?: number;
  /** Another than the one in hand. */
  readonly token?: string;
}

/** An answer that isn't a success, or none at all (status 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

const timeoutMsDefault = 10_000;
const triesMaxDefault = 7;
const pauseMsMin = 50;
const pauseMsMax = 800;

export async function call(target: string, options: CallOptions = {}): Promise<Response> {
  const { triesMax = triesMaxDefault, signal } = options;
  for (let tries = 1; ; tries++) {
    try {
      return await callOnce(target, options);
    } catch (error) {
      signal?.throwIfAborted();
      if (tries >= triesMax || !isWorthAnother(error)) throw error;
    }
    await pauseBefore(tries);
  }
}

export async function json<T>(target: string, options: CallOptions = {}): Promise<T> {
  return (await (await call(target, options)).json()) as T;
}

async function callOnce(target: string, options: CallOptions): Promise<Response> {
  const { method = 'GET', headers = {}, signal, timeoutMs = timeoutMsDefault } = options;
  const limit = AbortSignal.timeout(timeoutMs);
  const ending = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  const { token = tokenInHand() } = options;
  let response: Response;
  try {
    response = await fetch(target, {
      ...{ method, signal: ending },
      headers: { ...headers, ...bearing(token) },
    });
  } catch {
    throw new ApiError(0, 'no_answer', 'No node answers. Is the cluster running?');
  }
  if (response.ok) return response;
  if (response.status === 401) tokenRefused(token);
  throw await refusalOf(response);
}

export const bearing = (token: string | undefined): Readonly<Record<string, string>> =>
  token === undefined ? {} : { Authorization: `Bearer ${token}` };

interface Problem {
  readonly code?: string;
  readonly detail?: string;
}

async function refusalOf(response: Response): Promise<ApiError> {
  const problem: Problem = await response.json().catch(() => ({}));
  const { code = 'unknown', detail = `The answer was ${response.status}.` } = problem;
  return new ApiError(response.status, code, detail);
}

export const isWorthAnother = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 0 || error.status === 503 || error.status === 429);

export const pauseBefore = (tries: number): Promise<void> => {
  const pauseMs = Math.min(pauseMsMax, pauseMsMin * 2 ** (tries - 1));
  return new Promise((resolve) => setTimeout(resolve, pauseMs));
};

/** Not `randomUUID`, which a page from a plain address doesn't have. */
export const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');

export const query = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
