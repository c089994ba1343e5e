import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createNodeWorld } from '#io/node/world.ts';
import { parsePrometheus } from '../../test/support/prometheus-text.ts';
import { projectFolder } from './local/project.ts';
import { allFamilies, metricsPage, metricsPagePath } from './metrics-page.ts';
import { NodeMetrics } from './node-metrics.ts';

const deployed = (file: string): string =>
  readFileSync(join(projectFolder, 'deploy', file), 'utf8');

/** What a query may ask for: a histogram under its three names. */
const askable: ReadonlySet<string> = new Set(
  allFamilies().flatMap(({ name, kind }) =>
    kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

const namesIn = (query: string): string[] =>
  [...query.matchAll(/\b(?:dftfs|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name);

test('names say what is counted, and in which unit', async () => {
  const units = /_(seconds|bytes|operations|records)(_total)?$/;
  for (const { name, kind, help } of allFamilies()) {
    assert.match(help, /\.$/, name);
    assert.doesNotMatch(name, /_(ms|milliseconds|kb|mb|mib|percent)(_|$)/);
    if (kind === 'histogram') assert.match(name, units);
  }
});

test('a node that has just begun is already to be scraped', async () => {
  const { clock, timers } = createNodeWorld();
  const readVitals = () => ({
    ...{ residentBytes: 1, heapUsedBytes: 2, heapTotalBytes: 3, externalBytes: 4 },
    ...{ cpuSeconds: 5, loopActiveSeconds: 6, startedAtSeconds: 7 },
  });
  const { register } = new NodeMetrics({ clock, timers, readVitals });
  const families = parsePrometheus(await register.text());
  assert.deepEqual(
    [...families.keys()],
    allFamilies().map(({ name }) => name),
  );
  assert.equal(families.get('process_cpu_seconds_total')?.samples[0]?.value, 5);
});

test('the page of documentation lists what is counted: npm run docs:metrics', () => {
  assert.equal(readFileSync(metricsPagePath, 'utf8'), metricsPage(allFamilies()));
});

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
}

test('the dashboard asks for what there is, and its panels do not overlap', () => {
  const { panels } = JSON.parse(deployed('grafana/dftfs.json')) as { panels: readonly Panel[] };
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  assert.ok(queries.length > 20);
  for (const query of queries) {
    const names = namesIn(query);
    assert.ok(names.length > 0, query);
    for (const name of names) assert.ok(askable.has(name), `${name} in ${query}`);
  }
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
  );
  assert.equal(new Set(cells).size, cells.length);
  assert.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24));
});

test('each alert asks for what there is, and says how bad it is and what to do', () => {
  const text = deployed('prometheus/alerts.yml');
  const alerts = text.split(/^ {6}- alert: /m).slice(1);
  assert.ok(alerts.length >= 10);
  for (const alert of alerts) {
    assert.match(alert, /^[A-Z][A-Za-z]+\n/);
    const expression = /^ {8}expr: (.+)$/m.exec(alert)?.[1] ?? '';
    assert.ok(
      namesIn(expression).every((name) => askable.has(name)),
      alert,
    );
    assert.ok(namesIn(expression).length > 0 || expression.startsWith('up{'), alert);
    assert.match(alert, /^ {10}severity: (critical|warning)$/m, alert);
    assert.match(alert, /^ {10}summary: /m, alert);
    assert.match(alert, /^ {10}description: /m, alert);
  }
  const families = new Set(allFamilies().map(({ name }) => name));
  for (const name of namesIn(text)) assert.ok(families.has(name) || askable.has(name), name);
});
