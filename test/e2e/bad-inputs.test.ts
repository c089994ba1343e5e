/** What the HTTP interface refuses, it refuses in a real cluster: whole, and with a node dead. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { badInputCases, runCase } from '../conformance/bad-inputs/register.ts';
import { withLocalCluster } from '../support/local-cluster.ts';

/** The others need a gateway that is set up for them. */
const cases = badInputCases.filter(({ setup, unmet }) => !setup && unmet === undefined);

async function runAll(port: number): Promise<void> {
  const failed: string[] = [];
  for (const input of cases) {
    await runCase(input, port).catch((error: Error) => {
      failed.push(`${input.row}: ${input.name}: ${error.message}`);
    });
  }
  assert.deepEqual(failed, []);
}

test(`${cases.length} bad inputs at the front door`, async () => {
  await withLocalCluster(async ({ url, signal }) => {
    const port = Number(new URL(url).port);
    await runAll(port);
    signal('node-4', 'SIGKILL');
    await runAll(port);
  });
});
