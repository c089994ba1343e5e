import assert from 'node:assert/strict';
import { test } from 'node:test';
import { thisMachine } from '../../experiment/data-file.ts';
import { merged, type RecordedResult } from './record.ts';
import { nothingDone } from './run-all.ts';
import type { ScenarioResult } from './scenario.ts';
import { scenarios } from './scenarios/register.ts';

const of = (scenario: string, seed: number): ScenarioResult => ({
  ...{ scenario, seed, verdict: 'kept', ...nothingDone },
});
const when = { at: '2026-01-02T03:04:05Z', commit: 'abc', machine: thisMachine() };
const names = ['one', 'two', 'three'];

test('of each scenario the last run is kept, in the order of the register', () => {
  const first = merged([], [of('three', 1), of('one', 1)], when, names);
  const second = merged(first, [of('one', 2)], { ...when, commit: 'def' }, names);
  const shown = second.map(({ scenario, seed, commit }: RecordedResult) => [
    scenario,
    seed,
    commit,
  ]);
  assert.deepEqual(shown, [
    ['one', 2, 'def'],
    ['three', 1, 'abc'],
  ]);
  assert.equal(second[0]?.command, 'npm run faults -- --only one --seed 2');
});

test('a scenario that is no more is forgotten', () => {
  const record = merged([], [of('gone', 1), of('two', 1)], when, ['gone', 'two']);
  assert.deepEqual(merged(record, [], when, ['two']), record.slice(1));
});

test('each scenario has a name of its own', () => {
  const all = scenarios.map(({ name }) => name);
  assert.equal(new Set(all).size, all.length);
});
