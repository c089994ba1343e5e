import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNodePost } from '#io/node/post.ts';
import { createNodeTimers } from '#io/node/timers.ts';
import { startCollectorStub } from '../../test/support/collector-stub.ts';
import { until } from '../../test/support/until.ts';
import { createLogger } from './log.ts';
import { SpanExporter, spanExporterDefaults } from './span-exporter.ts';
import type { FinishedSpan } from './tracer.ts';

const span = (name: string): FinishedSpan => ({
  ...{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), parentId: undefined },
  ...{ name, kind: 'client', startMs: 1_700_000_000_000.25, endMs: 1_700_000_000_001.5 },
  attributes: new Map<string, string | number>([
    ['dftfs.peer', 'node-2'],
    ['http.response.status_code', 200],
  ]),
  error: undefined,
});

function exporterTo(endpoint: string, options: Partial<typeof spanExporterDefaults> = {}) {
  const lines: string[] = [];
  const log = createLogger(
    (line) => lines.push(line),
    () => 0,
  );
  const exporter = new SpanExporter(
    { timers: createNodeTimers(), post: createNodePost(), log },
    {
      ...{ ...spanExporterDefaults, delayMs: 5, ...options },
      ...{ endpoint, resource: { 'service.name': 'dftfs', 'service.instance.id': 'node-1' } },
    },
  );
  return { exporter, lines };
}

test('a collector gets every span, whole', async (t) => {
  const collector = await startCollectorStub();
  t.after(() => collector.close());
  const { exporter } = exporterTo(`${collector.endpoint}/`);
  for (let nth = 0; nth < 1000; nth++) exporter.take(span(`call-${nth}`));
  await exporter.close();
  assert.equal(collector.spans.length, 1000);
  const [first] = collector.spans;
  assert.equal(first?.startTimeUnixNano, '1700000000000250000');
  assert.equal(first?.endTimeUnixNano, '1700000000001500000');
  assert.deepEqual(first?.resource, {
    'service.name': 'dftfs',
    'service.instance.id': 'node-1',
  });
  assert.deepEqual(first?.attributes, [
    { key: 'dftfs.peer', value: { stringValue: 'node-2' } },
    { key: 'http.response.status_code', value: { intValue: '200' } },
  ]);
});

test('while the collector fails, spans are dropped and counted, and one line says so', async (t) => {
  const collector = await startCollectorStub();
  t.after(() => collector.close());
  collector.status = 503;
  const { exporter, lines } = exporterTo(collector.endpoint);
  for (const expected of [1, 2, 3]) {
    exporter.take(span('lost'));
    await until('a span is dropped', async () =>
      exporter.spansDropped === expected ? true : undefined,
    );
  }
  assert.equal(lines.length, 1);
  collector.status = 200;
  exporter.take(span('kept'));
  await exporter.close();
  assert.deepEqual(
    collector.spans.map(({ name }) => name),
    ['kept'],
  );
  assert.match(lines.at(-1) ?? '', /traces are taken again.*"dropped":3/);
});

test('spans that nobody takes do not fill memory', async (t) => {
  const collector = await startCollectorStub();
  t.after(() => collector.close());
  const { exporter } = exporterTo(collector.endpoint, { delayMs: 60_000 });
  for (let nth = 0; nth < 10_000; nth++) exporter.take(span('many'));
  assert.equal(exporter.spansDropped, 10_000 - spanExporterDefaults.queueMax);
  await exporter.close();
  assert.equal(collector.spans.length, spanExporterDefaults.queueMax);
});
