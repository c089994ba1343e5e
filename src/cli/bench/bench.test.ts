import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectsOf, runnerAt } from '../../../test/support/cli-terminal.ts';
import { testGateway } from '../../../test/support/test-gateway.ts';
import { sizeOf } from './bench.ts';
import { Latencies } from './latencies.ts';

test('sizes as people write them', () => {
  assert.deepEqual(
    ['0', '4096', '64K', '64kb', '1M', '1MiB'].map(sizeOf),
    [0, 4096, 65_536, 65_536, 1_048_576, 1_048_576],
  );
  for (const text of ['', 'x', '-1', '1G', '65M', '1.5K'])
    assert.throws(() => sizeOf(text), /--size/);
});

test('quantiles', () => {
  const latencies = new Latencies();
  assert.ok(Number.isNaN(latencies.quantile(0.5)));
  for (let took = 100; took >= 1; took--) latencies.add(took);
  assert.deepEqual(
    [0, 0.5, 0.99, 1].map((share) => latencies.quantile(share)),
    [1, 51, 100, 100],
  );
});

test('a load is measured, and nothing of it stays', async (context) => {
  const { url, files } = await testGateway(context);
  const run = runnerAt(url);
  const { exit, stdout } = await run(['bench', '--json', '-s', '1', '-c', '2', '--size', '10']);
  assert.equal(exit, 0);
  const measured = objectsOf(stdout);
  assert.deepEqual(
    measured.map(({ operation, errors }) => [operation, errors]),
    ['put', 'exists', 'get', 'copy', 'rm'].map((operation) => [operation, 0]),
  );
  assert.deepEqual(files.names(), []);
});
