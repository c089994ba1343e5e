import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricRegister } from '#observe/metric-register.ts';
import { HttpMetrics } from './http-metrics.ts';

const done = {
  ...{ operation: 'get', status: 200, problem: undefined, durationMs: 4 },
  ...{ bytesReceived: 1, bytesSent: 2 },
};

test('what was done for files is summed up over the endpoints', () => {
  const metrics = new HttpMetrics(new MetricRegister());
  metrics.record(done);
  metrics.record({ ...done, operation: 'put', status: 409, problem: 'path_exists', durationMs: 5 });
  metrics.record({ ...done, status: 503, problem: 'unavailable', durationMs: 10_000 });
  metrics.record({ ...done, status: 0, problem: 'aborted', durationMs: 1e9 });
  const { durations, ...totals } = metrics.ofFiles();
  assert.deepEqual(totals, {
    ...{ count: 4, refused: 1, failed: 1, left: 1, bytesReceived: 4, bytesSent: 8 },
  });
  assert.deepEqual(
    durations.filter(([, count]) => count > 0),
    [
      [5, 2],
      [10_000, 1],
      [null, 1],
    ],
  );
});

test('pages of the system are not in it', () => {
  const metrics = new HttpMetrics(new MetricRegister());
  metrics.record({ ...done, operation: 'system' });
  metrics.record({ ...done, operation: 'nodes' });
  assert.equal(metrics.ofFiles().count, 0);
});
