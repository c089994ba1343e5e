import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testGateway } from '../../../test/support/test-gateway.ts';
import { RequestTally } from './request-tally.ts';

const ended = { operation: 'get', status: 200, durationMs: 4, bytesReceived: 1, bytesSent: 2 };

test('requests are counted by how they ended and how long they took', () => {
  const tally = new RequestTally();
  tally.add(ended);
  tally.add({ ...ended, status: 404, durationMs: 5 });
  tally.add({ ...ended, status: 503, durationMs: 10_000 });
  tally.add({ ...ended, status: 0, durationMs: 1e9 });
  const { durations, ...counts } = tally.counts();
  assert.deepEqual(counts, {
    ...{ count: 4, refused: 1, failed: 1, left: 1, bytesReceived: 4, bytesSent: 8 },
  });
  const taken = durations.filter(([, count]) => count > 0);
  assert.deepEqual(taken, [
    [5, 2],
    [10_000, 1],
    [null, 1],
  ]);
});

test('pages of the system are not counted', () => {
  const tally = new RequestTally();
  tally.add({ ...ended, operation: 'system' });
  tally.add({ ...ended, operation: 'nodes' });
  assert.equal(tally.counts().count, 0);
});

test('a gateway counts what it answers', async (context) => {
  const { url, counts } = await testGateway(context);
  await fetch(`${url}/a`, { method: 'PUT', body: 'hello' });
  await (await fetch(`${url}/nothing`)).text();
  await (await fetch(`${url}/-/health`)).text();
  const { count, refused, bytesReceived } = counts();
  assert.deepEqual({ count, refused, bytesReceived }, { count: 2, refused: 1, bytesReceived: 5 });
});
