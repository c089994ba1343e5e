/** A small collector of OpenTelemetry: takes OTLP over HTTP as JSON, and keeps the spans. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
  readonly status: { readonly code?: number; readonly message?: string };
  /** Of the process: `service.name` and so on. */
  readonly resource: Readonly<Record<string, string>>;
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: {
      readonly attributes: readonly {
        readonly key: string;
        readonly value: { readonly stringValue: string };
      }[];
    };
    readonly scopeSpans: readonly { readonly spans: readonly CollectedSpan[] }[];
  }[];
}

export interface CollectorStub {
  readonly endpoint: string;
  readonly spans: CollectedSpan[];
  /** What it answers from now on. */
  status: number;
  close(): Promise<void>;
}

function spansOf(body: string): CollectedSpan[] {
  const { resourceSpans } = JSON.parse(body) as Export;
  return resourceSpans.flatMap(({ resource: { attributes }, scopeSpans }) => {
    const pairs = attributes.map(({ key, value }) => [key, value.stringValue] as const);
    const resource = Object.fromEntries(pairs);
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, resource })));
  });
}

function checkSpan(span: CollectedSpan): void {
  assert.match(span.traceId, /^[0-9a-f]{32}$/);
  assert.match(span.spanId, /^[0-9a-f]{16}$/);
  assert.match(span.startTimeUnixNano, /^\d{19}$/);
  assert.ok(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano));
  assert.ok([1, 2, 3].includes(span.kind));
}

export async function startCollectorStub(): Promise<CollectorStub> {
  const spans: CollectedSpan[] = [];
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    const isExport = method === 'POST' && url === '/v1/traces';
    const isJson = headers['content-type'] === 'application/json';
    const body = await text(request);
    try {
      assert.ok(isExport && isJson);
      const sent = spansOf(body);
      for (const span of sent) checkSpan(span);
      if (stub.status === 200) spans.push(...sent);
      response.writeHead(stub.status).end('{}');
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stub: CollectorStub = {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    status: 200,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return stub;
}
