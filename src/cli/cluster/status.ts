/** `dftfs cluster status`: how safe everything is, on one screen. */
import type { ClusterStatus } from '#client/index.ts';
import { paired } from '../output/columns.ts';
import { countText, durationText, rateText, sizeText } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import type { Verb } from '../verb.ts';

export const status: Verb = {
  name: 'cluster status',
  summary: 'tell how safe everything is',
  arguments: [],
  options: [],
  details: ['With --json: all that `/-/cluster` says. For what to do about it: dftfs doctor.'],
  run: async ({ cluster, output, signal }) => {
    const found = await cluster.status({ signal });
    output.result(found, () => describe(found, output));
  },
};

function describe(found: ClusterStatus, output: Output): string {
  const { nodes, protection, names } = found;
  const { wantedMargin, all, underProtected, withoutMargin, unreadable } = protection;
  const live = nodes.filter((node) => node.live).length;
  const amount = ({ volumes, bytes }: typeof all) =>
    `${countText(volumes, 'volume')}, ${sizeText(bytes)}`;
  const marked = (some: typeof all) =>
    output.paint(some.volumes > 0 ? 'red' : 'green', some.volumes > 0 ? amount(some) : 'none');
  return paired([
    [
      'nodes',
      output.paint(live === nodes.length ? 'green' : 'red', `${live} of ${nodes.length} alive`),
    ],
    ['content', amount(all)],
    ['to survive', countText(wantedMargin, 'more loss', 'more losses')],
    ['survives less', marked(underProtected)],
    ['survives none', marked(withoutMargin)],
    ['unreadable', marked(unreadable)],
    ['repair', repairText(found)],
    ['garbage', garbageText(found)],
    ['names', namesText(names)],
    ['seen by', found.node],
  ]);
}

export function repairText({ repair, protection }: ClusterStatus): string {
  const { slots } = protection.rebuilding;
  if (slots === 0) return 'nothing to do';
  const { bytesLeft, bytesPerSecond, secondsLeft } = repair;
  if (bytesLeft === 0) return `${countText(slots, 'slot')}, nearly done`;
  const left = secondsLeft === null ? 'time left unknown' : `${durationText(secondsLeft)} left`;
  return `${countText(slots, 'slot')}, ${sizeText(bytesLeft)} to rebuild, ${rateText(bytesPerSecond)}, ${left}`;
}

function garbageText({ garbage, names }: ClusterStatus): string {
  const held = names.collectionHeld ? ', held after a restore' : '';
  if (garbage === undefined) return `not known${held}`;
  return `${garbage.queued}${garbage.more ? ' or more' : ''} removed blobs wait${held}`;
}

function namesText({ members, upkeep }: ClusterStatus['names']): string {
  const healthy = members.filter((member) => member.healthy);
  const leader = members.find((member) => member.leader)?.endpoint ?? 'no leader seen';
  const used = Math.max(0, ...members.map(({ dbBytesInUse = 0 }) => dbBytesInUse));
  if (members.every(({ endpoint }) => endpoint === 'lmdb')) return `in LMDB, ${sizeText(used)}`;
  const quota = upkeep.quotaBytes ? ` of ${sizeText(upkeep.quotaBytes)}` : '';
  const alarms = upkeep.alarms.map(({ alarm }) => `, alarm: ${alarm}`).join('');
  return `${healthy.length} of ${members.length} etcd members, leader ${leader}, ${sizeText(used)}${quota}${alarms}`;
}
