import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { badInputCases, runCase } from './bad-inputs/register.ts';

suite('bad inputs', () => {
  let shared: TestGateway;

  before(async () => {
    shared = await startTestGateway();
  });

  after(() => shared.close());

  for (const input of badInputCases) {
    const { row, name, setup, unmet } = input;
    test(`${row}: ${name}`, unmet === undefined ? {} : { todo: unmet }, async () => {
      if (unmet !== undefined) return;
      const gateway = setup ? await startTestGateway(setup) : shared;
      try {
        await runCase(input, gateway.port);
        assert.deepEqual(gateway.logged, [], 'no input meets a bug');
      } finally {
        if (gateway !== shared) await gateway.close();
      }
    });
  }

  test('every row has a case', () => {
    const rows = new Set(badInputCases.map(({ row }) => row));
    const missing = Array.from({ length: 72 }, (_, index) => index + 1).filter(
      (row) => !rows.has(row),
    );
    assert.deepEqual(missing, []);
  });
});
