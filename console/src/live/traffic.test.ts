import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterNode, RequestCounts } from '#client/cluster-status.ts';
import { quantile, TrafficMeter } from './traffic.ts';

const counts = (atMs: number, fast: number, slow = 0): RequestCounts => ({
  ...{ atMs, count: fast + slow, refused: 0, failed: slow, left: 0 },
  ...{ bytesReceived: fast * 10, bytesSent: fast },
  durations: [
    [1, 0],
    [2, fast],
    [10, slow],
    [null, 0],
  ],
});

const nodes = (...requests: readonly (RequestCounts | undefined)[]) => ({
  nodes: requests.map((one, at) => {
    return { id: `n${at}`, ...(one === undefined ? {} : { requests: one }) } as ClusterNode;
  }),
});

test('rates are those of all nodes, each by its own clock', () => {
  const meter = new TrafficMeter();
  assert.equal(meter.look(nodes(counts(0, 100), counts(9000, 5))), undefined);
  const traffic = meter.look(nodes(counts(2000, 300), counts(9500, 5, 5)));
  assert.equal(traffic?.perSecond, 110);
  assert.equal(traffic.failedPerSecond, 10);
  assert.equal(traffic.receivedPerSecond, 1000);
  assert.equal(meter.perSecondOf('n1'), 10);
});

test('a look that says nothing new changes nothing', () => {
  const meter = new TrafficMeter();
  meter.look(nodes(counts(0, 0)));
  meter.look(nodes(counts(1000, 50)));
  assert.equal(meter.look(nodes(counts(1000, 50)))?.perSecond, 50);
});

test('a node that died counts nothing, and one that came back begins anew', () => {
  const meter = new TrafficMeter();
  meter.look(nodes(counts(0, 0)));
  meter.look(nodes(counts(1000, 50)));
  assert.equal(meter.look(nodes(undefined))?.perSecond, 0);
  assert.equal(meter.look(nodes(counts(5000, 3)))?.perSecond, 0, 'it has begun anew');
  assert.equal(meter.look(nodes(counts(6000, 5)))?.perSecond, 2);
});

test('latencies are those of the last looks, and end with them', () => {
  const meter = new TrafficMeter();
  meter.look(nodes(counts(0, 0)));
  const first = meter.look(nodes(counts(1000, 99, 1)));
  assert.ok(first?.p50Ms !== undefined && first.p50Ms > 1 && first.p50Ms < 2);
  assert.equal(first.p99Ms, 2);
  let last = first;
  for (let second = 2; second < 14; second++) {
    last = meter.look(nodes(counts(second * 1000, 99, 1))) ?? last;
  }
  assert.equal(last.p50Ms, undefined);
});

test('a quantile lies within its step', () => {
  assert.equal(quantile([], 0.5), undefined);
  assert.equal(quantile([[10, 4]], 0.5), 5);
  assert.equal(
    quantile(
      [
        [10, 0],
        [20, 1],
        [null, 9],
      ],
      0.99,
    ),
    20,
    'at least so long',
  );
});
