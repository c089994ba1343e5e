import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { trustPage } from './page.ts';
import { projectFolder, type Results, readResults } from './results.ts';

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
  const total = { seeds: 20_000, failedSeeds: 1, violations: 2, ...counts };
  const simulation = { total, commits: [{ commit: 'abc', day: '2026-01-02' }] };
  const page = trustPage({ ...nothing, simulation });
  assert.match(page, /20,000 seeds · 2 violations in 1 seeds · 310,000 operations · 1\.00 virtual/);
  assert.match(page, /\| crash \| 41,000 \|/);
});

test('every bug names a test that is there', () => {
  const { bugs } = readResults();
  assert.ok(bugs.length > 0);
  for (const { test: file, name } of bugs) {
    const text = readFileSync(path.join(projectFolder, file), 'utf8');
    assert.ok(text.includes(name), `${file} has no test "${name}"`);
  }
});
