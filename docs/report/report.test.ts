import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readDataFile } from '../../experiment/data-file.ts';
import { compileReport, reportFolder } from './compile.ts';

const sources = readdirSync(reportFolder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.typ'))
  .map((name) => readFileSync(path.join(reportFolder, name), 'utf8'));

/** Names of the data files that the source loads. */
const loaded = [
  ...new Set(
    sources.flatMap((text) =>
      [...text.matchAll(/\bload\("([a-z-]+)"\)/g)].map((m) => m[1] as string),
    ),
  ),
];

test('every data file that the report loads is there, with all that is needed to get it again', () => {
  assert.equal(loaded.length, 7);
  for (const name of loaded) {
    const file = readDataFile(name);
    assert.ok(file, `${name}.json is missing: npm run experiment`);
    const { part, machine, at, commit, command, seed, repetitions } = file;
    assert.equal(part, name);
    assert.match(at, /^\d{4}-\d\d-\d\dT/);
    assert.match(commit, /^[0-9a-f]{10}\+?$/);
    assert.match(command, new RegExp(`^npm run experiment -- --only [a-g] --seed ${seed}`));
    assert.ok(machine.cpu && machine.cores > 0 && machine.memoryGiB > 0);
    assert.ok(machine.kernel && machine.node && repetitions > 0);
  }
});

test('the report builds from the data at hand', () => {
  const pdf = compileReport().pdf();
  assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
  assert.ok(pdf.length > 50_000);
});

test('every part of the source is used', () => {
  const text = sources.join('\n');
  const parts = readdirSync(path.join(reportFolder, 'sections'));
  for (const name of [...parts.map((one) => `sections/${one}`), ...figures()]) {
    assert.ok(text.includes(`"${name}"`) || text.includes(`"../${name}"`), name);
  }
});

const figures = () =>
  readdirSync(path.join(reportFolder, 'figures')).map((one) => `figures/${one}`);
