/** The police of CONTRIBUTING.md: every rule marked "checked" that no other tool keeps. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkBans } from './bans.ts';
import { entries, exceptions } from './exceptions.ts';
import {
  checkExports,
  checkFileSizes,
  checkFunctionSizes,
  checkLineLengths,
  checkNames,
  checkWords,
} from './form.ts';
import { checkCycles, checkDeadFiles, checkRooms, mayImport, roof, tableOf } from './rooms.ts';
import { type Check, projectFolder, readSources } from './sources.ts';

const rules: Readonly<Record<string, Check>> = {
  'rooms import only whom they may': checkRooms,
  'no file imports itself through others': checkCycles,
  'no product file is dead': checkDeadFiles(entries),
  'the world is reached through its doors': checkBans(exceptions),
  'files are short': checkFileSizes,
  'functions are short': checkFunctionSizes,
  'lines are short': checkLineLengths,
  'files are named in kebab case, and no drawer is opened': checkNames,
  'exports are named': checkExports,
  'no mark is left behind': checkWords,
};

const sources = readSources();

for (const [rule, check] of Object.entries(rules)) {
  test(rule, () => {
    const findings = check(sources);
    assert.equal(findings.length, 0, `\n${findings.join('\n')}`);
  });
}

test('the table in ARCHITECTURE.md is the one that is checked', () => {
  const path = join(projectFolder, 'ARCHITECTURE.md');
  if (!existsSync(path)) return;
  assert.deepEqual(tableOf(readFileSync(path, 'utf8')), { ...mayImport, [roof]: ['all'] });
});
