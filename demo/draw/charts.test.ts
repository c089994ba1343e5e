import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bar, columnChart } from './charts.ts';
import { painted } from './spans.ts';

const columns = (...values: number[]) => values.map((value) => ({ value, tone: 'good' as const }));
const drawn = (values: number[], width: number, height: number, most: number): string[] =>
  columnChart(columns(...values), { width, height, most }).map((line) => painted(line, false));

test('columns stand at the right end, the newest last', () => {
  assert.deepEqual(drawn([8, 4, 1, 0], 6, 1, 8), ['  █▄▁ ']);
  assert.deepEqual(drawn([1, 2, 3, 8], 2, 1, 8), ['▃█']);
});

test('over several rows, and never higher than the chart', () => {
  assert.deepEqual(drawn([16, 12, 8, 3, 99], 5, 2, 16), ['█▄  █', '███▃█']);
});

test('what is little is seen', () => {
  assert.deepEqual(drawn([0.01, 0], 2, 1, 1000), ['▁ ']);
  assert.equal(painted(bar([{ share: 0.001, tone: 'bad' }], 8), false), '━───────');
});

test('the parts of a bar fill it together', () => {
  const portions = [
    { share: 0.75, tone: 'good' as const },
    { share: 0.25, tone: 'warn' as const },
  ];
  assert.equal(
    painted(bar(portions, 8), true).replaceAll('\x1b', '^'),
    '^[32m━━━━━━^[39m^[33m━━^[39m^[2m^[22m',
  );
  const most = [
    { share: 0.99, tone: 'good' as const },
    { share: 0.01, tone: 'bad' as const },
  ];
  assert.equal(painted(bar(most, 8), false), '━━━━━━━━');
});
