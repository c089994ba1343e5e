import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exitCodes } from '../exit-codes.ts';
import { sections, verbs } from '../verbs.ts';
import { helpOfAll, helpOfGroup, helpOfVerb, wrapped } from './help.ts';
import { reference } from './reference.ts';

const page = join(import.meta.dirname, '../../../docs/cli.md');

test('docs/cli.md is what the table of verbs says', () => {
  const said = `${reference(sections).trimEnd()}\n`;
  const how = './dftfs help --markdown > docs/cli.md';
  assert.ok(readFileSync(page, 'utf8') === said, `docs/cli.md is out of date: ${how}`);
});

test('the help names each verb and each exit code', () => {
  const text = helpOfAll(sections);
  for (const { name, summary } of verbs) {
    assert.ok(text.includes(`  ${name} `), name);
    assert.ok(text.replaceAll(/\s+/g, ' ').includes(summary), summary);
  }
  for (const { code } of Object.values(exitCodes))
    assert.match(text, new RegExp(`^  ${code} `, 'm'));
  assert.match(helpOfGroup('cluster', verbs), /cluster drain {2}/);
});

test('the help of a verb names all its options and examples, and stays narrow', () => {
  for (const verb of verbs) {
    const text = helpOfVerb(verb);
    for (const { name } of verb.options) assert.ok(text.includes(`--${name}`), verb.name);
    for (const { line } of verb.examples ?? []) assert.ok(text.includes(line), verb.name);
    for (const line of text.split('\n')) assert.ok(line.length <= 100, `${verb.name}: ${line}`);
  }
});

test('text is wrapped at spaces', () => {
  assert.equal(wrapped('aa bb cc', 5), 'aa bb\ncc');
  assert.equal(wrapped('aaaaaaa b', 3), 'aaaaaaa\nb');
});
