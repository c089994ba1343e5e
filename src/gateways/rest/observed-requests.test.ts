import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import { createNodeWorld } from '#io/node/world.ts';
import type { AuditEntry } from '#observe/audit-log.ts';
import { type FinishedSpan, Tracer } from '#observe/tracer.ts';
import { type MemoryFiles, overriding } from '../../../test/support/memory-files.ts';
import { parsePrometheus } from '../../../test/support/prometheus-text.ts';
import { nodelessAdmin, testGateway } from '../../../test/support/test-gateway.ts';
import { until } from '../../../test/support/until.ts';

const put = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { method: 'PUT', body: 'hello', headers });
const post = (url: string): Promise<Response> => fetch(url, { method: 'POST' });

function auditing() {
  const entries: AuditEntry[] = [];
  return { entries, audit: { record: (entry: AuditEntry) => void entries.push(entry) } };
}

test('each change that is acknowledged is told, and nothing else', async (context) => {
  const { entries, audit } = auditing();
  const admin = { ...nodelessAdmin, drain: async () => ({ draining: true }) };
  const { url } = await testGateway(context, { audit, admin });
  const first = await put(`${url}/a`, { 'idempotency-key': 'k' });
  await put(`${url}/a`, { 'idempotency-key': 'k' });
  await put(`${url}/a`);
  await fetch(`${url}/a`);
  await post(`${url}/copy?source_path=/a&destination_path=/b`);
  await post(`${url}/move?source_path=/b&destination_path=/c`);
  await fetch(`${url}/c`, { method: 'DELETE' });
  await fetch(`${url}/c`, { method: 'DELETE' });
  await post(`${url}/rm?path=/a`);
  await post(`${url}/-/nodes/n1/drain`);
  await post(`${url}/-/nodes/n1/undrain`);
  const etag = first.headers.get('etag');
  assert.deepEqual(
    entries.map(({ request: _, who: __, ...said }) => said),
    [
      { operation: 'put', path: '/a', etag, outcome: 'done' },
      { operation: 'put', path: '/a', etag, outcome: 'repeated' },
      { operation: 'copy', path: '/a', to: '/b', etag: entries[2]?.etag, outcome: 'done' },
      { operation: 'move', path: '/b', to: '/c', etag: entries[3]?.etag, outcome: 'done' },
      { operation: 'rm', path: '/c', removed: 1, outcome: 'done' },
      { operation: 'rm', path: '/a', removed: 1, outcome: 'done' },
      { operation: 'nodes', path: '/-/nodes/n1/drain', outcome: 'done' },
    ],
  );
  assert.equal(entries[0]?.request, first.headers.get('x-request-id'));
  assert.ok(entries.every(({ who }) => who.address === '127.0.0.1'));
});

test('a change that may have happened is told as unknown', async (context) => {
  const { entries, audit } = auditing();
  const wrap = (files: MemoryFiles) =>
    overriding(files, {
      put: async () => {
        throw new DftfsError('outcome_unknown', 'for the test');
      },
      remove: async () => {
        throw new DftfsError('names_unavailable', 'for the test');
      },
      lookup: async () => {
        throw new DftfsError('outcome_unknown', 'for the test');
      },
    });
  const { url } = await testGateway(context, { audit, wrap });
  assert.equal((await put(`${url}/a`)).status, 503);
  assert.equal((await fetch(`${url}/b`, { method: 'DELETE' })).status, 503);
  assert.equal((await fetch(`${url}/c`)).status, 503);
  assert.deepEqual(
    entries.map(({ path, outcome }) => [path, outcome]),
    [['/a', 'unknown']],
  );
});

test('a request is a span, which goes on with the trace of its client', async (context) => {
  const spans: FinishedSpan[] = [];
  const deps = { ...createNodeWorld(), take: (span: FinishedSpan) => void spans.push(span) };
  const tracer = new Tracer(deps, { samplePercent: 0 });
  const { url } = await testGateway(context, { tracer });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  await put(`${url}/untraced`);
  const response = await put(`${url}/a`, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
  const [span] = await until('the span', async () => (spans.length > 0 ? spans : undefined));
  assert.deepEqual(
    [spans.length, span?.traceId, span?.parentId, span?.kind],
    [1, traceId, '00f067aa0ba902b7', 'server'],
  );
  assert.deepEqual(Object.fromEntries(span?.attributes ?? []), {
    'dftfs.operation': 'put',
    'dftfs.request': response.headers.get('x-request-id'),
    'http.response.status_code': 200,
  });
});

test('what the cluster could not do is in the log, under the id that the client was told', async (context) => {
  const wrap = (files: MemoryFiles) =>
    overriding(files, {
      lookup: async () => {
        throw new DftfsError('data_unavailable', 'for the test');
      },
    });
  const { url, logged } = await testGateway(context, { wrap, logLevel: 'info' });
  const response = await fetch(`${url}/a`);
  const [line = ''] = logged;
  const said = JSON.parse(line) as Record<string, unknown>;
  assert.equal(said.event, 'request failed');
  assert.equal(said.request, response.headers.get('x-request-id'));
  assert.deepEqual([said.operation, said.path, said.code], ['get', '/a', 'data_unavailable']);
});

test('the metrics can be read as Prometheus does', async (context) => {
  const { url } = await testGateway(context);
  await put(`${url}/a`);
  const response = await fetch(`${url}/-/metrics`);
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  const families = parsePrometheus(await response.text());
  const requests = families.get('dftfs_http_requests_total')?.samples ?? [];
  const done = requests.filter(({ value }) => value > 0);
  assert.deepEqual(
    done.map(({ labels }) => labels),
    [{ endpoint: 'put', class: '2xx' }],
  );
});

test('where nothing is counted there is nothing to see', async (context) => {
  const { url } = await testGateway(context, { isUncounted: true });
  await put(`${url}/a`);
  const response = await fetch(`${url}/-/metrics`);
  assert.equal(response.status, 404);
  assert.match(await response.text(), /switched off/);
});

test('a node that cannot serve says why, and is alive all the same', async (context) => {
  const reason = 'The node is stopping; use another.';
  const status = { notReadyReason: () => reason, describe: () => ({}) };
  const { url } = await testGateway(context, { status });
  const ready = await fetch(`${url}/-/ready`);
  assert.deepEqual([ready.status, ready.headers.get('retry-after')], [503, '1']);
  assert.equal(((await ready.json()) as { detail: string }).detail, reason);
  assert.equal((await fetch(`${url}/-/ready`, { method: 'HEAD' })).status, 503);
  assert.equal((await fetch(`${url}/-/health`)).status, 200);
});
