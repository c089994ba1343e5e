import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { thisMachine } from '../../experiment/data-file.ts';
import { nothingDone } from '../../test/faults/run-all.ts';
import { trustPage } from './page.ts';
import { projectFolder, type Results, readResults, type SimulationCounter } from './results.ts';

const nothing: Results = { experiment: [], bugs: [] };

test('the trust page is what the results give', () => {
  const page = readFileSync(path.join(projectFolder, 'docs/trust.md'), 'utf8');
  assert.equal(page, trustPage(readResults()), 'run npm run trust');
});

test('what was not run has no figures', () => {
  const page = trustPage(nothing);
  for (const what of ['Simulation', 'Planted bugs', 'Real faults', 'Experiment']) {
    assert.match(page, new RegExp(`^\\| ${what} \\| not measured \\|`, 'm'));
  }
  assert.match(page, /^## Speed\n\nnot measured/m);
});

test('figures are those of the results', () => {
  const counts = { operations: 310_000, virtualMs: 86_400_000, faults: { crash: 41_000 } };
  const total = { seeds: 20_000, failedSeeds: 0, ...counts };
  const simulation = { total, commits: [] };
  const page = trustPage({ ...nothing, simulation });
  assert.match(page, /20,000 seeds · 0 violations · 310,000 operations · 1\.00 virtual/);
  assert.match(page, /\| crash \| 41,000 \|/);
});

test('seeds that failed are told of, and how many ran since', () => {
  const counts = { operations: 9, virtualMs: 9, faults: {} };
  const day = '2026-01-02';
  const failed = { commit: 'abc', day, seeds: 3000, failedSeeds: 1 };
  const since = [2000, 5000].map((seeds) => ({ commit: 'def', day, seeds, failedSeeds: 0 }));
  const page = (commits: SimulationCounter['commits']) =>
    trustPage({
      ...nothing,
      simulation: { total: { seeds: 10_000, failedSeeds: 1, ...counts }, commits },
    });
  assert.match(page([failed, ...since]), /1 with violations, last at abc: 0 of 7,000 since/);
  assert.match(page([failed]), /1 with violations, last at abc: none run since/);
});

test('scenarios of real faults are summed up, and each is told of', () => {
  const when = { at: '2026-01-02T03:04:05Z', commit: 'abc', machine: thisMachine() };
  const one = { ...nothingDone, acknowledged: 1200, lost: 1, seed: 7 };
  const faults = [
    { ...when, ...one, scenario: 'disk-full', verdict: 'kept', command: '' },
    { ...when, ...one, scenario: 'disk-slow', verdict: 'void', reason: 'missed', command: '' },
  ] as const;
  const page = trustPage({ ...nothing, faults });
  assert.match(page, /2 scenarios: 1 kept, 0 broken, 1 void, 0 skipped \| 2026-01-02/);
  assert.match(page, /2,400 acknowledged · 0 read back whole · 2 lost/);
  assert.match(page, /\| disk-slow, seed 7 \| void: missed \| 1,200 \|/);
});

test('every bug names a test that is there', () => {
  const { bugs } = readResults();
  assert.ok(bugs.length > 0);
  for (const { test: file, name } of bugs) {
    const text = readFileSync(path.join(projectFolder, file), 'utf8');
    assert.ok(text.includes(name), `${file} has no test "${name}"`);
  }
});
