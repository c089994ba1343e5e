/**
 * For which client's request a call is made, as it travels: a third part of the request's head,
 * after method and argument, that nodes without a use for it never look at. The request's id, or
 * several; behind a blank the call's `traceparent`, if a trace is kept.
 */
import type { Logger } from '#observe/log.ts';
import { endingSpan, inScope, type RequestScope } from '#observe/request-scope.ts';
import type { Span } from '#observe/span.ts';
import type { Tracer } from '#observe/tracer.ts';
import type { Handled } from './handling.ts';

/** A bundle names the requests of all that is in it. */
const charactersMax = 8192;

export const scopeOnWire = ({ request }: RequestScope, span: Span | undefined): string =>
  span === undefined ? request : `${request} ${span.traceparent}`;

export interface ScopeDeps {
  readonly log: Logger;
  readonly tracer?: Tracer | undefined;
}

/** Handles a call in the scope that came with it, if one did. */
export function handleInScope(
  { log, tracer }: ScopeDeps,
  wire: unknown,
  method: string,
  handle: () => Promise<Handled>,
): Promise<Handled> {
  if (typeof wire !== 'string' || wire.length > charactersMax) return handle();
  const blank = wire.indexOf(' ');
  const request = blank < 0 ? wire : wire.slice(0, blank);
  log.debug('rpc call for a request', { request, method });
  const span = blank < 0 ? undefined : tracer?.resume(method, wire.slice(blank + 1));
  const handleThere = () => inScope({ request, span }, handle);
  return span === undefined ? handleThere() : endingSpan(span, handleThere);
}
