/** The checks themselves: each finds what it is for, and lets pass what it must. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBans } from './bans.ts';
import {
  checkExports,
  checkFileSizes,
  checkFunctionSizes,
  checkLineLengths,
  checkNames,
  checkWords,
} from './form.ts';
import { checkCycles, checkDeadFiles, checkRooms, tableOf } from './rooms.ts';
import { type Check, parseSources } from './sources.ts';

const findings = (check: Check, texts: Record<string, string>): string[] =>
  check(parseSources(texts));
const lines = (count: number) => '  go();\n'.repeat(count);

test('an import against the table is found, however it is written', () => {
  const found = findings(checkRooms, {
    'src/base/a.ts': "import type { World } from '#io/world.ts';\n",
    'src/io/b.ts': "import { a } from '../base/a.ts';\nimport { c } from '#io/c.ts';\n",
    'src/kv/d.ts': "export { a } from '#blob/a.ts';\nconst b = import('#files/b.ts');\n",
    'src/kv/e.ts': "type A = import('#files/a.ts').A;\nimport '#base/a.test.ts';\n",
    'src/sheds/f.ts': '',
  });
  assert.deepEqual(found, [
    'src/base/a.ts:1: base may not import io',
    'src/io/b.ts:1: ../base/a.ts is of another room: import it by #room',
    'src/io/b.ts:2: #io/c.ts is of this room: import it relatively',
    'src/kv/d.ts:1: kv may not import blob',
    'src/kv/d.ts:2: kv may not import files',
    'src/kv/e.ts:1: kv may not import files',
    'src/kv/e.ts:2: #base/a.test.ts is for tests',
    'src/sheds/f.ts:1: the room sheds isn’t in the table'.replace('’', "'"),
  ]);
  const fine = {
    'src/kv/a.ts':
      "// import { x } from '#blob/x.ts'\nimport { b } from '#base/b.ts';\nimport './c.ts';",
    'src/kv/a.test.ts': "import { b } from '#blob/b.ts';",
    'src/app/b.ts': "import { b } from '#blob/b.ts';",
  };
  assert.deepEqual(findings(checkRooms, fine), []);
});

test('a cycle is found, through types too', () => {
  const cycle = {
    'src/kv/a.ts': "import './b.ts';",
    'src/kv/b.ts': "import type { C } from './c/c.ts';",
    'src/kv/c/c.ts': "import '../a.ts';",
  };
  assert.equal(findings(checkCycles, cycle).length, 1);
  assert.deepEqual(findings(checkCycles, { ...cycle, 'src/kv/c/c.ts': "import './d.ts';" }), []);
});

test('a file that only its test imports is dead', () => {
  const texts = {
    'src/kv/a.ts': '',
    'src/kv/a.test.ts': "import './a.ts';",
    'src/app/node.ts': "import '#kv/b.ts';",
    'src/kv/b.ts': '',
    'src/kv/memory/c.ts': '',
  };
  const check = checkDeadFiles(['src/app/node.ts', 'src/kv/memory/']);
  assert.deepEqual(findings(check, texts), ['src/kv/a.ts:1: no product file imports it']);
});

test('a way around the doors is found, and in words it isn’t one', () => {
  const bad = [
    "import fs from 'node:fs';",
    "import { createHash, randomBytes as r } from 'node:crypto';",
    'Date.now();',
    'new Date();',
    'performance\n.now();',
    'globalThis.setTimeout(go, 1);',
    'setInterval(go, 1);',
    'AbortSignal.timeout(1);',
    'Math.random();',
    'process.env.HOME;',
  ];
  for (const line of bad) {
    assert.equal(findings(checkBans([]), { 'src/kv/a.ts': line }).length, 1, line);
  }
  const fine = `// Date.now()
    const text = 'setTimeout(1)' + \`Math.random()\`;
    new Date(0).toISOString(); socket.setTimeout(1); clock.now(); timers.setTimeout;
    import { createHash } from 'node:crypto';`;
  assert.deepEqual(findings(checkBans([]), { 'src/kv/a.ts': fine }), []);
  assert.deepEqual(findings(checkBans([]), { 'src/kv/a.test.ts': 'Date.now();' }), []);
});

test('an exception covers its folder and its doors alone, and must be needed', () => {
  const check = checkBans([{ path: 'src/io/node/', doors: ['clock'], reason: 'the real side' }]);
  const texts = { 'src/io/node/a.ts': 'Date.now(); Math.random();', 'src/io/b.ts': 'Date.now();' };
  assert.deepEqual(findings(check, texts), [
    'src/io/node/a.ts:1: Math.random (random)',
    'src/io/b.ts:1: Date.now (clock)',
  ]);
  assert.match(findings(check, {})[0] ?? '', /exception for clock isn't needed/);
});

test('what is too long is found: files, functions of every kind, lines', () => {
  assert.equal(findings(checkFileSizes, { 'src/kv/a.ts': lines(401) }).length, 1);
  assert.deepEqual(findings(checkFileSizes, { 'src/kv/a.ts': lines(400) }), []);
  const body = (count: number) => `{\n${lines(count)}}`;
  const kinds = (count: number) => [
    `function f() ${body(count)}`,
    `const f = async () => ${body(count)};`,
    `const f = function () ${body(count)};`,
    `class A {\n  m() ${body(count)}\n}`,
    `class A {\n  constructor() ${body(count)}\n}`,
    `class A {\n  get m() ${body(count)}\n}`,
    `test('it', () => ${body(count)});`,
  ];
  for (const [index, kind] of kinds(69).entries()) {
    assert.equal(findings(checkFunctionSizes, { 'src/kv/a.ts': kind }).length, 1, kind);
    const short = kinds(68)[index] as string;
    assert.deepEqual(findings(checkFunctionSizes, { 'src/kv/a.ts': short }), []);
  }
  const suite = `export function contract() {\n${lines(40)}test('it', () => {\n${lines(40)}});\n}`;
  assert.deepEqual(findings(checkFunctionSizes, { 'src/kv/a.ts': suite }), []);
  const long = [`// ${'word '.repeat(20)}`, `const a = ${'1 + '.repeat(25)}1;`];
  for (const line of long) assert.equal(findings(checkLineLengths, { 'src/a.ts': line }).length, 1);
  const string = `const a = '${'x'.repeat(120)}';`;
  assert.deepEqual(findings(checkLineLengths, { 'src/a.ts': string }), []);
});

test('names, exports and marks', () => {
  const badNames = [
    'src/kv/BigThing.ts',
    'src/kv/big_thing.ts',
    'src/kv/utils.ts',
    'src/util/a.ts',
  ];
  for (const path of badNames) assert.equal(findings(checkNames, { [path]: '' }).length, 1, path);
  const goodNames = ['src/kv/big-thing.ts', 'src/kv/a.races.test.ts', 'src/kv/kv.contract.ts'];
  for (const path of goodNames) assert.deepEqual(findings(checkNames, { [path]: '' }), []);
  const badExports = ['export default 1;', 'export { a as default };'];
  const withClass = [...badExports, 'export default class {}', 'export default function f() {}'];
  for (const text of withClass) {
    assert.equal(findings(checkExports, { 'src/a.ts': text }).length, 1, text);
  }
  assert.deepEqual(findings(checkExports, { 'src/a.ts': "export { a } from './b.ts';" }), []);
  for (const text of ['// TODO later', '// FIXME', '// @ts-ignore', '// @TODO']) {
    assert.equal(findings(checkWords, { 'src/a.ts': text }).length, 1, text);
  }
  assert.deepEqual(findings(checkWords, { 'src/a.ts': '// @TODO(12) and a mastodon' }), []);
});

test('the table of a document is read row by row', () => {
  const document =
    '| room | what | may import |\n|---|---|---|\n| `a` | it | – |\n| `b` | it | a, c |';
  assert.deepEqual(tableOf(document), { a: [], b: ['a', 'c'] });
});
