/**
 * The page of documentation that lists all metrics, made from the register that counts them.
 *
 * Run: `npm run docs:metrics`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readNodeVitals } from '#io/node/vitals.ts';
import { createNodeWorld } from '#io/node/world.ts';
import type { MetricFamily } from '#observe/metric-register.ts';
import { projectFolder } from './local/project.ts';
import { NodeMetrics } from './node-metrics.ts';

const titles: Readonly<Record<string, string>> = {
  dftfs_http: 'Requests of clients',
  dftfs_names: 'Names',
  dftfs_etcd: 'etcd',
  dftfs_read: 'Reading',
  dftfs_store: 'The disk of the node',
  dftfs_rpc: 'Calls from node to node',
  dftfs_protection: 'How safe files are',
  dftfs_repair: 'Repair',
  dftfs_event: 'The event loop',
  process: 'The process',
  nodejs: 'The process',
};
const otherTitle = 'The cluster, as the node sees it';

const head = `# Metrics

<!-- Made by \`npm run docs:metrics\` from the register in the code; a test compares the two. -->

\`GET /-/metrics\` on each node, in the text format of Prometheus. Scrape every node at its own port, not at the shared front door. Counters
begin with the process. How to use them: [observability](observability.md).
`;

export function allFamilies(): readonly MetricFamily[] {
  const { clock, timers } = createNodeWorld();
  return new NodeMetrics({ clock, timers, readVitals: readNodeVitals }).register.families;
}

const titleOf = ({ name }: MetricFamily): string => {
  const found = Object.keys(titles).find((prefix) => name.startsWith(`${prefix}_`));
  return (found && titles[found]) ?? otherTitle;
};

export function metricsPage(families: readonly MetricFamily[]): string {
  const order = [...new Set([otherTitle, ...Object.values(titles)])];
  const sections = order.map((title) => {
    const rows = families
      .filter((family) => titleOf(family) === title)
      .map(({ name, kind, labels, help }) => {
        const shown = labels.map((label) => `\`${label}\``).join(', ') || '–';
        return `| \`${name}\` | ${kind} | ${shown} | ${help} |`;
      });
    return [`\n## ${title}\n`, '| name | kind | labels | meaning |', '|---|---|---|---|', ...rows];
  });
  return `${head}${sections.flat().join('\n')}\n`;
}

export const metricsPagePath = join(projectFolder, 'docs/metrics.md');

if (import.meta.main) writeFileSync(metricsPagePath, metricsPage(allFamilies()));
