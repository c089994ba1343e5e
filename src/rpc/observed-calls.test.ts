import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DftfsError } from '#base/errors.ts';
import { MetricRegister } from '#observe/metric-register.ts';
import { currentScope, inScope } from '#observe/request-scope.ts';
import { type FinishedSpan, Tracer } from '#observe/tracer.ts';
import { parsePrometheus } from '../../test/support/prometheus-text.ts';
import { handleInScope } from './call-scope.ts';
import { createRpcClient } from './client.ts';
import { RpcMetrics } from './rpc-metrics.ts';
import { createRpcServer } from './server.ts';
import { deps, far, identityOf, lines, near } from './testing/pair.ts';

const options = { timeoutMs: 60_000 };

const handlers = {
  whose: async () => ({ head: currentScope()?.request }),
  fail: async () => {
    throw new DftfsError('store_full', 'for the test');
  },
};

/** A node that calls another and itself, watched in every way. */
async function rig(t: TestContext) {
  const spans: FinishedSpan[] = [];
  const tracer = new Tracer({ ...deps, take: (span) => spans.push(span) }, { samplePercent: 100 });
  const server = await createRpcServer(
    { ...deps, tracer },
    { ...identityOf(far), host: '127.0.0.1', port: 0, handlers },
  );
  const register = new MetricRegister();
  const client = createRpcClient(
    { ...deps, metrics: new RpcMetrics(register) },
    {
      ...identityOf(near),
      resolve: () => ({ host: '127.0.0.1', port: server.port }),
      local: handlers,
    },
  );
  t.after(async () => {
    client.close();
    await server.close();
  });
  const values = async (name: string) => {
    const { samples = [] } = parsePrometheus(await register.text()).get(name) ?? {};
    const shown = ({ labels }: (typeof samples)[number]) => Object.values(labels).join(' ');
    return Object.fromEntries(samples.map((sample) => [shown(sample), sample.value]));
  };
  const call = (peer: typeof far, method: string) =>
    client.call(peer, { method, head: null }, options);
  return { call, spans, tracer, values };
}

test('a call is made for its request on the other node, too, and its log says so', async (t) => {
  const { call } = await rig(t);
  const request = 'abc123-7f';
  for (const peer of [far, near]) {
    const { head } = await inScope({ request, span: undefined }, () => call(peer, 'whose'));
    assert.equal(head, request);
  }
  const served = lines.filter((line) => line.includes('"rpc call for a request"'));
  assert.ok(served.some((line) => line.includes(`"request":"${request}"`)));
  assert.equal((await call(far, 'whose')).head, undefined, 'and for nobody else');
});

test('what does not say for whom, or says it oddly, is handled all the same', async () => {
  for (const wire of [7, null, ['a'], { request: 'a' }, 'x'.repeat(100_000)]) {
    const handled = await handleInScope(deps, wire, 'm', async () => ({
      head: currentScope()?.request,
      body: [],
    }));
    assert.equal(handled.head, undefined);
  }
});

test('a trace goes on through the call to the other node', async (t) => {
  const { call, spans, tracer } = await rig(t);
  const root = tracer.begin('request', undefined);
  await inScope({ request: 'a-1', span: root }, async () => {
    await call(far, 'whose');
    await assert.rejects(call(far, 'fail'));
  });
  root?.end();
  const [served, asked, failedThere, failedHere, whole] = spans;
  assert.deepEqual(
    [served, asked, failedThere, failedHere].map((span) => [span?.name, span?.kind, span?.error]),
    [
      ['whose', 'server', undefined],
      ['whose', 'client', undefined],
      ['fail', 'server', 'for the test'],
      ['fail', 'client', 'for the test'],
    ],
  );
  assert.equal(served?.parentId, asked?.spanId);
  assert.equal(asked?.parentId, whole?.spanId);
  assert.equal(asked?.attributes.get('dftfs.peer'), far);
  assert.ok(spans.every(({ traceId }) => traceId === whole?.traceId));
});

test('calls are counted by peer, however they end', async (t) => {
  const { call, values } = await rig(t);
  await call(far, 'whose');
  await call(near, 'whose');
  await call(far, 'whose');
  await assert.rejects(call(far, 'fail'));
  assert.deepEqual(await values('dftfs_rpc_calls_total'), {
    'far whose': 2,
    'far fail': 1,
    'near whose': 1,
  });
  assert.deepEqual(await values('dftfs_rpc_errors_total'), { 'far store_full': 1 });
  assert.deepEqual(await values('dftfs_rpc_connections_total'), { far: 1, near: 0 });
  const { far: sent = 0, near: sentToSelf } = await values('dftfs_rpc_sent_bytes_total');
  assert.ok(sent > 0);
  assert.equal(sentToSelf, 0);
  const took = await values('dftfs_rpc_call_duration_seconds');
  assert.equal(took['far +Inf'], 3);
});
