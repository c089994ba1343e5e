/** Requests that are nearly right, at a gateway over memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFullForm } from '../support/full-form.ts';
import { newSeed } from '../support/seeded-random.ts';
import { testGateway } from '../support/test-gateway.ts';
import { fuzzHttp } from './fuzz-http.ts';

const inputs = isFullForm ? 200_000 : 2_500;
/** Clients that send nothing more are soon told so. */
const impatient = {
  headersTimeoutMs: 200,
  keepAliveMs: 200,
  sweepMs: 20,
  pace: { bytesPerSecondMin: 1000, windowMs: 200, goodbyeMs: 100 },
};

test(`${inputs} requests that are nearly right`, async (context) => {
  const seed = newSeed();
  const { port, logged } = await testGateway(context, { options: impatient });
  const statuses = await fuzzHttp({
    ...{ port, seed, inputs, waitMs: 60_000 },
    endings: [...Array(8).fill('finish'), 'stay', 'reset'],
    lookAround: async () => assert.deepEqual(logged, [], 'no input meets a bug'),
  });
  context.diagnostic(`seed ${seed}: ${JSON.stringify(Object.fromEntries(statuses))}`);
  for (const status of [200, 400, 404, 409]) assert.ok(statuses.has(status), `never ${status}`);
});
