/** `dftfs cluster repair` */
import type { ClusterStatus } from '#client/index.ts';
import { aligned } from '../output/columns.ts';
import { sizeText, timeText } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import type { Session } from '../session.ts';
import type { Verb } from '../verb.ts';
import { repairText } from './status.ts';
import { everyOption, statuses } from './watch.ts';

export const repair: Verb = {
  name: 'cluster repair',
  summary: 'tell what is being made anew, and how long it takes',
  arguments: [],
  options: [
    {
      name: 'wait',
      short: 'w',
      help: 'until nothing is left to rebuild and all survive what they should',
    },
    everyOption,
  ],
  details: ['Repair begins by itself, ten seconds after a node died (or as configured).'],
  examples: [{ line: 'dftfs cluster repair --wait', says: 'before the next risky thing' }],
  run: runRepair,
};

async function runRepair(session: Session): Promise<void> {
  const { cluster, options, output, signal } = session;
  if (!options.flag('wait')) {
    const found = await cluster.status({ signal });
    output.result(summaryOf(found), () => describe(found, output));
    return;
  }
  for await (const found of statuses(session)) {
    if (found instanceof Error) {
      output.note(found.message);
      continue;
    }
    output.done(summaryOf(found), `${timeText(new Date().toISOString())}  ${repairText(found)}`);
    if (isSettled(found)) return;
  }
}

export const isSettled = ({ protection }: ClusterStatus): boolean =>
  protection.rebuilding.slots === 0 && protection.underProtected.volumes === 0;

const summaryOf = ({ repair: estimate, protection, nodes }: ClusterStatus) => ({
  ...estimate,
  rebuilding: protection.rebuilding,
  underProtected: protection.underProtected,
  nodes: nodes.map(({ id, duties }) => ({ id, slots: duties?.['repair: slots'] })),
});

function describe(found: ClusterStatus, output: Output): string {
  const rows = found.nodes.map(({ id, duties }) => {
    const { bytesLeft, bytesDone, volumesWaiting, shardsBeyondRepair } =
      duties?.['repair: slots'] ?? {};
    const size = (bytes: unknown) => (typeof bytes === 'number' ? sizeText(bytes) : '-');
    return [
      ...[id, size(bytesLeft), size(bytesDone)],
      ...[volumesWaiting, shardsBeyondRepair].map((count) => String(count ?? '-')),
    ];
  });
  const [first = '', ...others] = ['node', 'left', 'done', 'volumes waiting', 'beyond repair'];
  const columns = [{ title: first }, ...others.map((title) => ({ title, right: true }))];
  const table = aligned(columns, rows, (text) => output.paint('bold', text));
  return `${repairText(found)}\n\n${table}`;
}
