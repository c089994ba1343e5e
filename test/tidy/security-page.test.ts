/** What docs/security.md promises is held by the tests that it names. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const row = /^\| [^|]+ \| `([^`|]+\.test\.ts)` \| (.+) \|$/gm;

test('each promise of security has its test', () => {
  const page = readFileSync(join(root, 'docs/security.md'), 'utf8');
  const rows = [...page.matchAll(row)];
  assert.ok(rows.length > 30);
  for (const [, file = '', title = ''] of rows) {
    const source = readFileSync(join(root, file), 'utf8');
    assert.ok(source.includes(`test('${title}'`), `${file} has no test named: ${title}`);
  }
});
