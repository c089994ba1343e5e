/** Pages of reference say what the code says, and the index lists every page. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { httpPage, httpPagePath } from './http-page.ts';
import { errorRows, rowsOf, settingRows, variablesOf } from './tables.ts';

const docs = path.join(import.meta.dirname, '..');
const root = path.join(docs, '..');
const page = (name: string): string => readFileSync(path.join(docs, name), 'utf8');

test('docs/configuration.md has every setting with its default and its form', () => {
  const found = rowsOf(page('configuration.md'), 3);
  assert.deepEqual(found, [...settingRows('cluster'), ...settingRows('node')]);
  const variables = [...variablesOf('cluster'), ...variablesOf('node')];
  assert.ok(variables.includes('DFTFS_LEASE_TTL_MS'));
  // One variable for two settings would change both.
  assert.equal(new Set(variables).size, variables.length);
});

test('docs/errors.md has every code with its status, and what it means for a retry', () => {
  assert.deepEqual(rowsOf(page('errors.md'), 4), errorRows());
});

test('docs/http.md is what the nodes say of themselves', () => {
  assert.ok(readFileSync(httpPagePath, 'utf8') === httpPage(), 'out of date: npm run docs:http');
});

test('the index lists every page, and no link of any page leads nowhere', () => {
  const index = page('README.md');
  const pages = readdirSync(docs).filter((name) => name.endsWith('.md') && name !== 'README.md');
  for (const name of pages)
    assert.ok(index.includes(`](${name})`), `${name} isn't in docs/README.md`);
  const files = [...pages.map((name) => `docs/${name}`), 'docs/README.md', 'README.md'];
  for (const file of [...files, 'ARCHITECTURE.md', 'deploy/docker/README.md']) {
    const folder = path.dirname(path.join(root, file));
    const text = readFileSync(path.join(root, file), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#\s]+)/g)) {
      assert.ok(existsSync(path.join(folder, target)), `${file} links to ${target}`);
    }
  }
});
