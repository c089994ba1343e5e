import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readConsolePages } from './console-pages.ts';

test('the files of a known kind are pages, each with its type, tag and policy', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'dftfs-console-'));
  context.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'index.html'), '<p>');
  await writeFile(join(folder, 'console.js'), '1');
  await writeFile(join(folder, 'notes.txt'), 'x');
  const doors = () => ['a.example:80', "evil:80; script-src 'unsafe-inline'", '[::1]:80'];
  const pages = await readConsolePages(folder, { log: { warn: () => assert.fail() }, doors });
  assert.deepEqual([...pages.keys()].sort(), ['/-/console/', '/-/console/console.js']);
  const script = pages.get('/-/console/console.js');
  assert.equal(script?.contentType, 'text/javascript; charset=utf-8');
  assert.match(script?.etag ?? '', /^"[\w-]{43}"$/);
  assert.notEqual(script?.etag, pages.get('/-/console/')?.etag);
  const headers = script?.headers() ?? [];
  const policy = headers[headers.indexOf('Content-Security-Policy') + 1] ?? '';
  assert.match(policy, /^default-src 'none'; script-src 'self';/);
  assert.match(policy, /connect-src 'self' a\.example:80;/);
  // Forms and frames are for downloads from here.
  assert.match(
    policy,
    /frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'/,
  );
  assert.doesNotMatch(policy, /unsafe|\*/);
});

test('a node without console says so and goes on', async () => {
  const said: string[] = [];
  const log = { warn: (event: string) => said.push(event) };
  assert.equal((await readConsolePages('/nowhere', { log, doors: () => [] })).size, 0);
  assert.deepEqual(said, ['the console is missing']);
});
