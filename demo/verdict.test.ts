import assert from 'node:assert/strict';
import { test } from 'node:test';
import { painted, widthOf } from './draw/spans.ts';
import { verdictTable } from './draw/verdict-table.ts';
import { type Facts, verdictOf } from './verdict.ts';

const good: Facts = {
  counts: { right: 9876, cut: 3, failed: 0, wrong: 0 },
  latency: { p50Ms: 6, p99Ms: 41, longestMs: 1130 },
  harms: [
    { name: 'node-3', signal: 'SIGKILL' },
    { name: 'etcd-1', signal: 'SIGKILL' },
    { name: 'node-5', signal: 'SIGSTOP' },
  ],
  refusals: 210,
  files: 1640,
  audit: { doors: 6, reads: 9840, wrong: [], visible: [], located: 100, everywhere: [] },
  redundancy: { isFull: true, text: '6 nodes live, each of 24 volumes can lose 2' },
  troubles: [],
};
const { audit, counts } = good;

test('a run in which all was kept is good, and says by which figures', () => {
  const verdict = verdictOf(good);
  assert.ok(verdict.isKept);
  const table = verdictTable(verdict, 90).map((line) => painted(line, false));
  assert.deepEqual(table, [
    '╭─ verdict ──────────────────────────────────────────────────────────────────────────────╮',
    '│  ✔ the cluster went on       1 node and 1 etcd member killed, 1 node stopped           │',
    '│  ✔ every request was served  9,876 were, 0 failed                                      │',
    '│  ✔ every answer was true     9,876 were, 0 false                                       │',
    '│    cut connections           3, with the node that held them; asked again, same key    │',
    '│  ✔ every file is whole       1,640 × 6 nodes: 9,840 of 9,840 reads right, byte for     │',
    '│                              byte                                                      │',
    '│  ✔ nothing refused shows     210 refused requests, 0 left something                    │',
    '│  ✔ no file is on all nodes   100 looked at, 0 are                                      │',
    '│  ✔ safe as before            6 nodes live, each of 24 volumes can lose 2               │',
    '│    waits                     p50 6 ms, p99 41 ms, longest 1.1 s                        │',
    '├────────────────────────────────────────────────────────────────────────────────────────┤',
    '│  Every promise was kept.                                                               │',
    '╰────────────────────────────────────────────────────────────────────────────────────────╯',
  ]);
});

const broken: readonly (readonly [what: string, facts: Facts])[] = [
  ['a lost file', { ...good, audit: { ...audit, wrong: ['/a from node-1: absent'] } }],
  ['nothing read', { ...good, audit: { ...audit, reads: 0 } }],
  ['a refused name', { ...good, audit: { ...audit, visible: ['/b was refused, and is there'] } }],
  ['a file everywhere', { ...good, audit: { ...audit, everywhere: ['/c is on 6 of 6 nodes'] } }],
  ['a failed request', { ...good, counts: { ...counts, failed: 1 } }],
  ['a false answer', { ...good, counts: { ...counts, wrong: 1 } }],
  ['less redundancy', { ...good, redundancy: { isFull: false, text: 'one volume can lose 1' } }],
  ['an act that went wrong', { ...good, troubles: ['node-2 never came back'] }],
  ['no harm', { ...good, harms: [] }],
  ['no files', { ...good, files: 0 }],
];

for (const [what, facts] of broken) {
  test(`${what} breaks it`, () => {
    const verdict = verdictOf(facts);
    assert.ok(!verdict.isKept);
    assert.equal(verdict.rows.filter(({ isKept }) => isKept === false).length, 1);
    const said = verdictTable(verdict, 100)
      .map((line) => painted(line, false))
      .join('\n');
    assert.match(said, /✗/);
    assert.match(said, /1 promise was broken/);
    for (const fault of verdict.faults) assert.ok(said.includes(fault), fault);
  });
}

test('cut connections alone break nothing', () => {
  assert.ok(verdictOf({ ...good, counts: { ...counts, cut: 50 } }).isKept);
});

test('a narrow table is as even as a wide one', () => {
  for (let columns = 30; columns <= 120; columns++) {
    const width = Math.max(40, Math.min(columns, 100));
    for (const line of verdictTable(verdictOf(good), columns)) assert.equal(widthOf(line), width);
  }
});
