/** Spans as OpenTelemetry's collectors take them: OTLP over HTTP, as JSON. */
import type { FinishedSpan } from './tracer.ts';

const kinds = { internal: 1, server: 2, client: 3 } as const;
const statusError = 2;

/** Who has done the work. */
export type Resource = Readonly<Record<string, string>>;

export const encodeSpans = (resource: Resource, spans: readonly FinishedSpan[]): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: attributesOf(Object.entries(resource)) },
        scopeSpans: [{ scope: { name: 'dftfs' }, spans: spans.map(encodeSpan) }],
      },
    ],
  });

const encodeSpan = (span: FinishedSpan) => ({
  ...{ traceId: span.traceId, spanId: span.spanId },
  ...(span.parentId === undefined ? {} : { parentSpanId: span.parentId }),
  ...{ name: span.name, kind: kinds[span.kind] },
  startTimeUnixNano: nanoseconds(span.startMs),
  endTimeUnixNano: nanoseconds(span.endMs),
  attributes: attributesOf(span.attributes),
  status: span.error === undefined ? {} : { code: statusError, message: span.error },
});

const attributesOf = (entries: Iterable<readonly [string, string | number]>) =>
  [...entries].map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : numberValue(value),
  }));

const numberValue = (value: number) =>
  Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };

/** As text: as a number it would lose its last digits. */
const nanoseconds = (ms: number): string => `${Math.trunc(ms * 1000)}000`;
