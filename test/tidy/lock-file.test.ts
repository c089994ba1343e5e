/**
 * `npm ci` refuses a lock file that lacks optional packages of other platforms, and `npm install`
 * drops them where a registry doesn't offer them. So the lock file is held to be whole.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectFolder } from './sources.ts';

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function missingIn(packages: Readonly<Record<string, LockedPackage>>): string[] {
  return Object.values(packages)
    .flatMap((one) => Object.keys(one.optionalDependencies ?? {}))
    .filter((name) => !Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`)));
}

test('the lock file holds every optional package, of all platforms', () => {
  const lock = JSON.parse(readFileSync(join(projectFolder, 'package-lock.json'), 'utf8'));
  assert.deepEqual(missingIn(lock.packages), []);
});

test('a package that is missing is found', () => {
  const packages = {
    'node_modules/a': { optionalDependencies: { '@a/linux': '1.0.0', '@a/darwin': '1.0.0' } },
    'node_modules/@a/linux': {},
  };
  assert.deepEqual(missingIn(packages), ['@a/darwin']);
});
