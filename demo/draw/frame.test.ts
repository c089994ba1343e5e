/** Frames of one made-up moment, at several sizes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Moment, Picture, ShownProcess } from '../picture.ts';
import { frame } from './frame.ts';
import { painted, widthOf } from './spans.ts';

const some = (
  kind: string,
  states: readonly ShownProcess['state'][],
  leader = '',
): ShownProcess[] =>
  states.map((state, nth) => {
    const name = `${kind}-${nth + 1}`;
    return { name, state, isLeader: name === leader };
  });

const calm: Moment = { perSecond: 128, p99Ms: 30, failed: 0, cut: 0, mark: undefined };
const up = 'running' as const;

const picture: Picture = {
  url: 'http://127.0.0.1:24321',
  phase: 'under fire until 1:22',
  elapsedMs: 47_300,
  nodes: some('node', [up, up, 'dead', up, 'stopped', up]),
  etcd: some('etcd', [up, up, up, 'dead', up], 'etcd-2'),
  moments: [
    ...Array.from({ length: 24 }, () => calm),
    { perSecond: 20, p99Ms: 900, failed: 0, cut: 1, mark: 'kill' },
    { ...calm, perSecond: 72 },
    ...Array.from({ length: 8 }, () => calm),
    { ...calm, mark: 'return' },
    calm,
  ],
  counts: { right: 11_482, failed: 0, wrong: 0, cut: 3 },
  now: { perSecond: 128, p50Ms: 6, p99Ms: 38, longestMs: 51 },
  files: { acknowledged: 1640, bytes: 83e6 },
  safety: {
    wanted: 2,
    volumes: new Map([
      [1, 6],
      [2, 18],
    ]),
    repair: { bytesLeft: 12e6, bytesPerSecond: 8.2e6, share: 0.48 },
  },
  events: [
    { atMs: 2100, kind: 'note', text: '60 files put, 49 MB' },
    { atMs: 4600, kind: 'kill', text: 'node-3 (PID 4711) killed (SIGKILL)' },
    { atMs: 17_900, kind: 'safe', text: 'on 5 nodes all files are safe after 13.2 s' },
  ],
};

const drawn = (columns: number, rows: number, some: Picture = picture): string[] =>
  frame(some, { columns, rows }).map((line) => painted(line, false));

test('a frame of 72 columns', () => {
  assert.deepEqual(drawn(72, 21), [
    '╭─ DFTFS survives ──────────────────────── 0:47 under fire until 1:22 ─╮',
    '│  nodes     ● 1  ● 2  ✗ 3  ● 4  ‖ 5  ● 6                4 of 6 alive  │',
    '│  etcd      ● 1  ★ 2  ● 3  ✗ 4  ● 5                     4 of 5 alive  │',
    '├─ put, get, exists, copy at http://127.0.0.1:24321 ───────────────────┤',
    '│  requests           ▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅  ▅▅▅▅▅▅▅▅▅▅             │',
    '│  a second           ████████████████████████▂███████████        128  │',
    '│  wait p99           ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁█▁▁▁▁▁▁▁▁▁▁▁      38 ms  │',
    '│                                             ✗         ▲    p50 6 ms  │',
    '│  11,482 right   0 failed   0 wrong   3 cut, asked again              │',
    '├─ files ──────────────────────────────────────────────────────────────┤',
    '│  stored    1,640 files acknowledged, 83 MB                           │',
    '│  margin    ━━━━━━━━━━━━━━━━━━  18 volumes can lose 2, 6 can lose 1   │',
    '│  repair    ━━━━━━━━━─────────  48 %, 12 MB to go at 8.2 MB/s         │',
    '├─ what happened ──────────────────────────────────────────────────────┤',
    '│   0:02  · 60 files put, 49 MB                                        │',
    '│   0:04  ✗ node-3 (PID 4711) killed (SIGKILL)                         │',
    '│   0:17  ✔ on 5 nodes all files are safe after 13.2 s                 │',
    '│                                                                      │',
    '│                                                                      │',
    '╰──────────────────────────────────────────────────────────────────────╯',
  ]);
});

test('a narrow frame says less, and nothing else', () => {
  assert.deepEqual(drawn(40, 24), [
    '╭─ DFTFS … 0:47 under fire until 1:22 ─╮',
    '│  nodes     ●1 ●2 ✗3 ●4 ‖5 ●6    4/6  │',
    '│  etcd      ●1 ★2 ●3 ✗4 ●5       4/5  │',
    '├─ requests at http://127.0.0.1:24321 ─┤',
    '│  requests  ▅  ▅▅▅▅▅▅▅▅▅▅             │',
    '│  a second  █▂███████████        128  │',
    '│  wait p99  ▁█▁▁▁▁▁▁▁▁▁▁▁      38 ms  │',
    '│             ✗         ▲    p50 6 ms  │',
    '│  11,482 right   0 failed   0 wrong   │',
    '│  3 cut, asked again                  │',
    '├─ files ──────────────────────────────┤',
    '│  stored    1,640 files acknowledge…  │',
    '│  margin    18 volumes can lose 2, …  │',
    '│  repair    48 %, 12 MB to go at 8.…  │',
    '├─ what happened ──────────────────────┤',
    '│   0:02  · 60 files put, 49 MB        │',
    '│   0:04  ✗ node-3 (PID 4711) killed…  │',
    '│   0:17  ✔ on 5 nodes all files are…  │',
    '│                                      │',
    '│                                      │',
    '│                                      │',
    '│                                      │',
    '╰──────────────────────────────────────╯',
  ]);
});

test('each line of a frame is as wide as it, and no frame is higher than its terminal', () => {
  const twelve = {
    ...picture,
    nodes: some(
      'node',
      Array.from({ length: 12 }, () => up),
    ),
  };
  for (const shown of [
    picture,
    twelve,
    { ...picture, moments: [], events: [], safety: undefined },
  ]) {
    for (let columns = 40; columns <= 130; columns++) {
      const lines = frame(shown, { columns, rows: columns % 30 });
      assert.ok(lines.length <= columns % 30);
      for (const line of lines) assert.equal(widthOf(line), Math.min(columns, 100));
    }
  }
});

test('colours are there if wanted, and mean something', () => {
  const size = { columns: 80, rows: 30 };
  const coloured = frame(picture, size).map((line) => painted(line, true));
  assert.ok(
    coloured.some((line) => line.includes('\x1b[1;31m✗ 3\x1b[22;39m')),
    'the dead are red',
  );
  assert.ok(
    coloured.some((line) => line.includes('\x1b[33m‖ 5\x1b[39m')),
    'the stopped are yellow',
  );
  assert.ok(!drawn(80, 30).some((line) => line.includes('\x1b')));
});

test('what waits is told from what has nothing to do', () => {
  const safety = { wanted: 2, volumes: new Map([[1, 3]]), repair: undefined };
  assert.match(drawn(80, 30, { ...picture, safety }).join('\n'), /repair +waits a while/);
  const safe = { ...safety, volumes: new Map([[2, 3]]) };
  assert.match(drawn(80, 30, { ...picture, safety: safe }).join('\n'), /repair +nothing to do/);
});
