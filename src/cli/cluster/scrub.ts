/** `dftfs cluster scrub` */
import type { ClusterStatus } from '#client/index.ts';
import { aligned } from '../output/columns.ts';
import { durationText, sizeText } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import type { Verb } from '../verb.ts';

export const scrub: Verb = {
  name: 'cluster scrub',
  summary: 'tell how far each node is in looking for rot',
  arguments: [],
  options: [],
  details: [
    'Each node reads all that it holds over and over; what is damaged is made anew at once.',
  ],
  run: async ({ cluster, output, signal }) => {
    const { nodes } = await cluster.status({ signal });
    const found = nodes.map(({ id, disk, duties }) => {
      return { id, held: disk?.liveBytes, ...duties?.scrub };
    });
    if (output.json) for (const node of found) output.result(node, '');
    else output.print(table(nodes, output));
  },
};

interface Round {
  readonly bytes?: number;
  readonly damaged?: number;
  readonly lastRound?: {
    readonly bytes: number;
    readonly damaged: number;
    readonly ageMs: number;
  } | null;
}

function table(nodes: ClusterStatus['nodes'], output: Output): string {
  const rows = nodes.map(({ id, disk, duties }) => {
    const { bytes, damaged, lastRound }: Round = duties?.scrub ?? {};
    const size = (count: number | undefined) => (count === undefined ? '-' : sizeText(count));
    const last = lastRound
      ? [
          `${durationText(lastRound.ageMs / 1000)} ago`,
          size(lastRound.bytes),
          String(lastRound.damaged),
        ]
      : ['-', '-', '-'];
    return [id, size(disk?.liveBytes), size(bytes), String(damaged ?? '-'), ...last];
  });
  const [first = '', ...others] = [
    ...['node', 'holds', 'read in this round', 'damaged'],
    ...['last round', 'read', 'damaged'],
  ];
  const columns = [{ title: first }, ...others.map((title) => ({ title, right: true }))];
  return aligned(columns, rows, (text) => output.paint('bold', text));
}
