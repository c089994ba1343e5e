/** How the cluster is, in a sentence. */
import type { ClusterStatus } from '#client/cluster-status.ts';
import { many, sizeText, spanText } from '../parts/format.ts';

export interface Verdict {
  readonly level: 'good' | 'warn' | 'bad';
  readonly headline: string;
  readonly detail: string;
}

export function verdictOn(status: ClusterStatus): Verdict {
  const { nodes, protection, names } = status;
  const answering = names.members.filter(({ healthy }) => healthy).length;
  if (answering <= names.members.length / 2) {
    const detail = `${answering} of ${many(names.members.length, 'etcd member')} answer; names need a majority. Start the others.`;
    return { level: 'bad', headline: 'No names can be read or written', detail };
  }
  const { unreadable, withoutMargin, underProtected } = protection;
  if (unreadable.volumes > 0) {
    const detail = `${amountOf(unreadable)}, until a node that holds ${unreadable.volumes === 1 ? 'it' : 'them'} comes back.`;
    return { level: 'bad', headline: 'Some files can’t be read now', detail };
  }
  const live = nodes.filter((node) => node.live).length;
  if (live < 2) {
    const detail = 'At least two nodes must live for writing.';
    return { level: 'bad', headline: 'Nothing can be written', detail };
  }
  if (withoutMargin.volumes > 0) {
    const headline = 'Some files survive no further loss';
    return { level: 'bad', headline, detail: `${amountOf(withoutMargin)}. ${repairOf(status)}` };
  }
  if (underProtected.volumes > 0) {
    const headline = 'Everything is readable; protection is being restored';
    const detail = `${amountOf(underProtected)} survive fewer losses than they should. ${repairOf(status)}`;
    return { level: 'warn', headline, detail };
  }
  return wellWith(status, live);
}

function wellWith({ nodes, names, protection }: ClusterStatus, live: number): Verdict {
  const { wantedMargin, all } = protection;
  const headline = `Every file survives ${wantedMargin === 0 ? 'no further loss' : `${wantedMargin} more ${wantedMargin === 1 ? 'loss' : 'losses'}`}`;
  const away = [
    ...nodes.filter((node) => !node.live).map(({ id }) => id),
    ...names.members.filter(({ healthy }) => !healthy).map(({ endpoint }) => `etcd ${endpoint}`),
  ];
  const stored = `${many(all.volumes, 'volume')}, ${sizeText(all.bytes)}`;
  if (away.length === 0 && wantedMargin > 0) {
    return { level: 'good', headline, detail: `All ${live} nodes are alive. ${stored}.` };
  }
  const gone = away.length === 0 ? `${many(live, 'node')} alive` : `Away: ${away.join(', ')}`;
  return { level: 'warn', headline, detail: `${gone}. ${stored}.` };
}

const amountOf = ({ volumes, bytes }: { volumes: number; bytes: number }): string =>
  `${many(volumes, 'volume')} with ${sizeText(bytes)}`;

function repairOf({ repair, protection }: ClusterStatus): string {
  if (protection.rebuilding.slots === 0) return 'Repair has not begun yet.';
  const { bytesLeft, secondsLeft } = repair;
  const time = secondsLeft === null ? '' : `, about ${spanText(secondsLeft)}`;
  return `${sizeText(bytesLeft)} still to be rebuilt${time}.`;
}
