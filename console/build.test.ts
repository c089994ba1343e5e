import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildConsole } from './build.ts';

const builtFolder = join(import.meta.dirname, 'dist');

test('what is served is what the sources build: else run `npm run console`', async () => {
  const files = await buildConsole();
  assert.deepEqual((await readdir(builtFolder)).sort(), files.map(({ name }) => name).sort());
  for (const { name, content } of files) {
    const served = await readFile(join(builtFolder, name));
    assert.ok(served.equals(content), `${name} differs: run \`npm run console\``);
  }
});

test('it loads nothing from elsewhere, and has nothing inline that the policy would refuse', async () => {
  const page = await readFile(join(builtFolder, 'index.html'), 'utf8');
  assert.doesNotMatch(page, /https?:|<script>|style=|onload|on[a-z]+=/);
  const style = await readFile(join(builtFolder, 'console.css'), 'utf8');
  assert.doesNotMatch(style, /url\(|@import/);
});
