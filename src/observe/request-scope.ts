/**
 * For which client's request something is being done, on whatever node. It follows the work through
 * promises and timers by itself, so that a line of the log names its request however deep it comes
 * from, and no signature in between has to carry it. Nothing may be decided by it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Span } from './span.ts';

export interface RequestScope {
  /** The id that the client was told; several, joined by commas, where work is shared. */
  readonly request: string;
  /** Undefined: no trace is kept of it. */
  readonly span: Span | undefined;
}

/** Not a part that is handed in: each chain of calls has its own, whoever made it. */
const scopes = new AsyncLocalStorage<RequestScope | undefined>();

export const currentScope = (): RequestScope | undefined => scopes.getStore();

export const inScope = <T>(scope: RequestScope | undefined, run: () => T): T =>
  scopes.run(scope, run);

/** For what outlives the request that happened to begin it: connections, queues that all share. */
export const outOfScope = <T>(run: () => T): T =>
  scopes.getStore() === undefined ? run() : scopes.run(undefined, run);

/** Work for several requests together. A trace shows it in the first that is traced. */
export function sharedScope(
  scopes: readonly (RequestScope | undefined)[],
): RequestScope | undefined {
  const some = scopes.filter((scope) => scope !== undefined);
  const [first] = some;
  if (first === undefined || some.length === 1) return first;
  return {
    request: [...new Set(some.map(({ request }) => request))].join(),
    span: some.find(({ span }) => span !== undefined)?.span,
  };
}

/** `run` as a part of the request that is named in its trace, if one is kept. */
export function traced<T>(name: string, run: () => Promise<T>): Promise<T> {
  const scope = currentScope();
  const span = scope?.span?.child(name, 'internal');
  if (scope === undefined || span === undefined) return run();
  return endingSpan(span, () => inScope({ ...scope, span }, run));
}

/** `run`, and then the end of the span, with the error if there is one. */
export async function endingSpan<T>(span: Span, run: () => Promise<T>): Promise<T> {
  try {
    const result = await run();
    span.end();
    return result;
  } catch (error) {
    span.end(error);
    throw error;
  }
}
