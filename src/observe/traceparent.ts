/** W3C Trace Context: the header `traceparent`, version 00. */

export interface TraceContext {
  /** 32 hex digits, not all zero. */
  readonly traceId: string;
  /** 16 hex digits, not all zero: of the span that goes on elsewhere. */
  readonly spanId: string;
  /** Whoever began the trace keeps it. */
  readonly sampled: boolean;
}

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const zeros = /^0+$/;

/** Undefined for anything that isn't one: the request is then a trace's beginning. */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  if (text === undefined || text.length > 128) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', rest] = form.exec(text) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest)) return undefined;
  if (zeros.test(traceId) || zeros.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export const traceparentOf = ({ traceId, spanId, sampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
