import assert from 'node:assert/strict';
import { test } from 'node:test';
import { span } from './draw/spans.ts';
import type { Picture } from './picture.ts';
import { openScreen } from './screen.ts';

const picture: Picture = {
  url: 'http://127.0.0.1:24321',
  phase: 'under fire',
  elapsedMs: 1000,
  nodes: [{ name: 'node-1', state: 'running', isLeader: false }],
  etcd: [{ name: 'etcd-1', state: 'running', isLeader: true }],
  moments: [],
  counts: { right: 1, failed: 0, wrong: 0, cut: 0 },
  now: { perSecond: 1, p50Ms: 1, p99Ms: 1, longestMs: 1 },
  files: { acknowledged: 1, bytes: 1 },
  safety: undefined,
  events: [],
};

/** What is written to such an output while a picture is shown, an event told and a line printed. */
function written(output: object, environment: Record<string, string> = {}, isPlain = false) {
  const texts: string[] = [];
  const screen = openScreen({ ...output, write: (text) => texts.push(text) }, environment, isPlain);
  screen.show(() => picture);
  screen.hear({ atMs: 4600, kind: 'kill', text: 'node-3 killed' });
  screen.close();
  screen.close();
  screen.print([[span('kept', 'good')]]);
  return texts.join('');
}

const terminal = { isTTY: true, columns: 80, rows: 30 };

test('a terminal gets frames, and is left as it was', () => {
  const text = written(terminal);
  assert.ok(text.startsWith('\x1b[?1049h\x1b[?25l'));
  assert.match(text, /DFTFS/);
  const [, after = ''] = text.split('\x1b[?25h\x1b[?1049l');
  assert.match(after, /DFTFS.*under fire/, 'the last frame stays');
  assert.ok(after.endsWith('\x1b[32mkept\x1b[39m\n'));
  assert.equal(text.split('\x1b[?1049l').length, 2, 'closed once');
});

test('NO_COLOR takes the colours and leaves the frames', () => {
  const text = written(terminal, { NO_COLOR: '1' });
  assert.match(text, /╭─ DFTFS/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
  assert.doesNotMatch(text, /\x1b\[[\d;]*m/);
});

const plain = '  0:04  ✗ node-3 killed\nkept\n';

test('where there is no terminal, or it isn’t wanted, there are lines', () => {
  assert.equal(written({}), plain);
  assert.equal(written(terminal, {}, true), plain);
});

test('a terminal that is too small or dumb gets lines', () => {
  assert.match(written({ ...terminal, columns: 39 }), /^ {2}0:04 {2}✗ node-3 killed\n/);
  assert.match(written({ ...terminal, rows: 10 }), /^ {2}0:04 {2}✗ node-3 killed\n/);
  assert.match(written(terminal, { TERM: 'dumb' }), /^ {2}0:04 {2}✗ node-3 killed\n/);
});
