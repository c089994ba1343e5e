/** `dftfs cluster volumes` */
import type { ClusterStatus } from '#client/index.ts';
import { aligned } from '../output/columns.ts';
import { sizeText } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import type { Verb } from '../verb.ts';

export const volumes: Verb = {
  name: 'cluster volumes',
  summary: 'count the volumes by how many more losses they survive',
  arguments: [],
  options: [],
  run: async ({ cluster, output, signal }) => {
    const found = await cluster.status({ signal });
    const { volumes: byMargin, protection } = found;
    output.result({ byMargin, ...protection }, () => describe(found, output));
  },
};

function describe({ volumes: byMargin, protection }: ClusterStatus, output: Output): string {
  const { wantedMargin, rebuilding, moving } = protection;
  const rows = Object.entries(byMargin)
    .map(([margin, count]) => [Number(margin), count] as const)
    .sort(([a], [b]) => a - b)
    .map(([margin, count]) => [saysOf(margin, wantedMargin, output), String(count)]);
  const titles = [{ title: 'survive' }, { title: 'volumes', right: true }];
  const table = aligned(titles, rows, (text) => output.paint('bold', text));
  const filling = [
    `rebuilding: ${rebuilding.slots} slots, ${sizeText(rebuilding.bytesLeft)} left`,
    `moving: ${moving.slots} slots, ${sizeText(moving.bytesLeft)} left`,
  ];
  return [table, '', ...filling].join('\n');
}

function saysOf(margin: number, wanted: number, output: Output): string {
  if (margin < 0) return output.paint('red', 'unreadable now');
  const said = margin === 1 ? '1 loss' : `${margin} losses`;
  return margin < wanted ? output.paint('yellow', said) : said;
}
