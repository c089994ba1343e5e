import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { release } from './release.ts';

test('nodes say the version that the package has', () => {
  const manifest = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  assert.equal(release, JSON.parse(manifest).version);
});
