/**
 * One piece of a request's work, for tracing. Whoever has a span can begin a part of it; where no
 * trace is kept there is no span, and nothing is done.
 */
export type SpanKind = 'internal' | 'server' | 'client';

export interface Span {
  readonly traceId: string;
  /** In the form of W3C Trace Context, for whoever goes on with the work elsewhere. */
  readonly traceparent: string;
  child(name: string, kind: SpanKind): Span;
  set(attribute: string, value: string | number): void;
  /** Once. With an error: it failed. */
  end(error?: unknown): void;
}
