/** `dftfs cluster nodes` */
import type { ClusterNode } from '#client/index.ts';
import { aligned, type Column } from '../output/columns.ts';
import { sizeText } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import type { Verb } from '../verb.ts';
import { notesOn } from './node-notes.ts';

export const nodes: Verb = {
  name: 'cluster nodes',
  summary: 'list the nodes with their disks',
  arguments: [],
  options: [],
  details: [
    'slots: of volumes, that count on the node. A node joins by being started: ./start.sh --nodes 7 on one machine, dftfs prepare on several.',
  ],
  run: async ({ cluster, output, signal }) => {
    const found = await cluster.status({ signal });
    if (output.json) {
      for (const node of found.nodes) output.result(node, '');
    } else {
      output.print(nodeTable(found.nodes, output));
    }
  },
};

const columns: readonly Column[] = [
  { title: 'node' },
  { title: 'state' },
  { title: 'address' },
  { title: 'zone' },
  { title: 'version' },
  { title: 'slots', right: true },
  { title: 'shards', right: true },
  { title: 'free', right: true },
  { title: 'of', right: true },
  { title: 'notes' },
];

function nodeTable(found: readonly ClusterNode[], output: Output): string {
  const rows = found.map((node) => {
    const { id, host, httpPort, zone, slots, disk, release = '-' } = node;
    const size = (bytes: number | undefined) => (bytes === undefined ? '-' : sizeText(bytes));
    return [
      ...[id, stateOf(node, output), `${host}:${httpPort}`, zone, release],
      String(slots),
      ...[size(disk?.liveBytes), size(disk?.freeBytes), size(disk?.totalBytes)],
      notesOn(node).join(', '),
    ];
  });
  return aligned(columns, rows, (text) => output.paint('bold', text));
}

function stateOf({ live, suspected, draining }: ClusterNode, output: Output): string {
  if (!live) return output.paint('red', suspected === undefined ? 'dead' : 'suspected');
  return draining ? output.paint('yellow', 'draining') : output.paint('green', 'alive');
}
