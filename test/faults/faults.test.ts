/** The short scenarios of real faults. `npm run faults -- --long` runs the others. */
import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { newSeed } from '../support/seeded-random.ts';
import { runAll } from './run-all.ts';
import type { ScenarioResult } from './scenario.ts';
import { shortScenarios } from './scenarios/short.ts';

suite('real faults', () => {
  const seed = newSeed();
  let results: readonly ScenarioResult[] = [];

  before(async () => {
    results = await runAll(shortScenarios, seed);
  });

  for (const { name, title } of shortScenarios) {
    test(`${name}: ${title}`, (context) => {
      const { verdict, reason, ...figures } =
        results.find(({ scenario }) => scenario === name) ?? {};
      context.diagnostic(JSON.stringify(figures));
      if (verdict === 'skipped') context.skip(reason);
      else assert.equal(verdict, 'kept', reason);
    });
  }
});
