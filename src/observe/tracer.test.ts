import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNodeRandom } from '#io/node/random.ts';
import { ManualTime } from '../../test/support/manual-time.ts';
import { SeededRandom } from '../../test/support/seeded-random.ts';
import { inScope, traced } from './request-scope.ts';
import { parseTraceparent } from './traceparent.ts';
import { type FinishedSpan, Tracer } from './tracer.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const sampled = `00-${traceId}-00f067aa0ba902b7-01`;

function rig(samplePercent = 100) {
  const time = new ManualTime();
  const spans: FinishedSpan[] = [];
  const seeded = new SeededRandom(1);
  const random = { ...createNodeRandom(), float: () => seeded.fraction() };
  const tracer = new Tracer(
    { clock: time.clock, random, take: (span) => spans.push(span) },
    { samplePercent },
  );
  return { time, spans, tracer };
}

test('a traceparent is read as W3C has it, and nothing else is', () => {
  assert.deepEqual(parseTraceparent(sampled), {
    traceId,
    spanId: '00f067aa0ba902b7',
    sampled: true,
  });
  assert.equal(parseTraceparent(sampled.replace(/1$/, '0'))?.sampled, false);
  assert.equal(parseTraceparent(`01${sampled.slice(2)}-later`)?.traceId, traceId);
  for (const bad of [
    undefined,
    '',
    'x',
    sampled.toUpperCase(),
    `${sampled}-more`,
    `ff${sampled.slice(2)}`,
    sampled.replace(traceId, '0'.repeat(32)),
    sampled.replace('00f067aa0ba902b7', '0'.repeat(16)),
    'x'.repeat(10_000),
  ]) {
    assert.equal(parseTraceparent(bad), undefined, bad);
  }
});

test('spans hang together: what a client began, each part, and how long it took', async () => {
  const { time, spans, tracer } = rig();
  const root = tracer.begin('request', sampled);
  assert.ok(root);
  await inScope({ request: 'r-1', span: root }, async () => {
    const failing = traced('names.write', async () => {
      await time.advance(20);
      throw new Error('for the test');
    });
    await assert.rejects(failing, /for the test/);
  });
  root.set('http.response.status_code', 503);
  root.end();
  root.end();
  const [part, whole] = spans;
  assert.deepEqual([spans.length, part?.name, whole?.name], [2, 'names.write', 'request']);
  assert.deepEqual([part?.traceId, whole?.traceId], [traceId, traceId]);
  assert.equal(whole?.parentId, '00f067aa0ba902b7');
  assert.equal(part?.parentId, whole?.spanId);
  assert.equal((part?.endMs ?? 0) - (part?.startMs ?? 0), 20);
  assert.deepEqual([part?.error, whole?.error], ['for the test', undefined]);
  assert.equal(whole?.attributes.get('http.response.status_code'), 503);
});

test('who began a trace says whether it is kept', () => {
  const { tracer } = rig();
  assert.equal(tracer.begin('request', sampled.replace(/1$/, '0')), undefined);
  assert.notEqual(tracer.begin('request', undefined), undefined);
  assert.equal(tracer.resume('call', undefined), undefined);
  assert.equal(tracer.resume('call', sampled)?.traceId, traceId);
});

test('of traces that begin here, as many are kept as are wanted', () => {
  assert.equal(rig(0).tracer.begin('request', undefined), undefined);
  const { tracer } = rig(25);
  const begun = Array.from({ length: 1000 }, () => tracer.begin('request', undefined));
  const kept = begun.filter((span) => span !== undefined).length;
  assert.ok(kept > 150 && kept < 350, `${kept}`);
});

test('without a trace a part is simply done', async () => {
  assert.equal(
    await inScope({ request: 'r-1', span: undefined }, () => traced('x', async () => 7)),
    7,
  );
  assert.equal(await traced('x', async () => 8), 8);
});
