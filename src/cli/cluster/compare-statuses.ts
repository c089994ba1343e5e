/** What has happened between two looks at a cluster, for terminals and the console. Pure. */
import type { ClusterNode, ClusterStatus } from '#client/index.ts';
import { countText, sizeText } from '../output/format.ts';
import { notesOn } from './node-notes.ts';

export interface Event {
  readonly kind: 'endpoint' | 'node' | 'role' | 'protection' | 'repair' | 'etcd' | 'garbage';
  readonly severity: 'good' | 'bad' | 'plain';
  readonly text: string;
}

/** An error: no endpoint answered. */
export type Seen = ClusterStatus | Error;

/** `before` undefined: this is the first look, which tells how things are. */
export function eventsBetween(before: Seen | undefined, now: Seen): Event[] {
  if (now instanceof Error) {
    if (before instanceof Error) return [];
    return [{ kind: 'endpoint', severity: 'bad', text: `no endpoint answers: ${now.message}` }];
  }
  if (before === undefined) return [firstLook(now)];
  const back: Event[] =
    before instanceof Error
      ? [{ kind: 'endpoint', severity: 'good', text: `${now.node} answers` }]
      : [];
  if (before instanceof Error) return back;
  return [
    ...nodeEvents(before, now),
    ...roleEvents(before, now),
    ...protectionEvents(before, now),
    ...repairEvents(before, now),
    ...etcdEvents(before, now),
    ...heldEvents(before, now),
  ];
}

function firstLook({ nodes, protection, node }: ClusterStatus): Event {
  const live = nodes.filter((one) => one.live).length;
  const { underProtected } = protection;
  const isWell = live === nodes.length && underProtected.volumes === 0;
  return {
    kind: 'endpoint',
    severity: isWell ? 'good' : 'bad',
    text: `${node} answers: ${live} of ${nodes.length} nodes alive, ${underProtected.volumes} volumes survive less than they should`,
  };
}

function nodeEvents(before: ClusterStatus, now: ClusterStatus): Event[] {
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const ids = new Set(now.nodes.map(({ id }) => id));
  const gone = before.nodes.filter(({ id }) => !ids.has(id));
  return [
    ...now.nodes.flatMap((node) => {
      const known = old.get(node.id);
      return known === undefined ? [nodeEvent('good', node, 'has joined')] : changes(known, node);
    }),
    ...gone.map((node) => nodeEvent('plain', node, 'was removed')),
  ];
}

const nodeEvent = (severity: Event['severity'], { id }: ClusterNode, says: string): Event => {
  return { kind: 'node', severity, text: `${id} ${says}` };
};

const trouble = ({ id }: ClusterNode, note: string): Event => {
  return { kind: 'node', severity: 'bad', text: `${id}: ${note}` };
};

function changes(before: ClusterNode, now: ClusterNode): Event[] {
  const events: Event[] = [];
  if (before.live && !now.live) events.push(nodeEvent('bad', now, 'is dead'));
  if (!before.live && now.live) events.push(nodeEvent('good', now, 'is alive'));
  if (before.draining !== now.draining) {
    events.push(nodeEvent('plain', now, now.draining ? 'is to be emptied' : 'stays'));
  }
  if (now.draining && before.slots > 0 && now.slots === 0) {
    events.push(nodeEvent('good', now, 'is empty and can be stopped'));
  }
  // What a node that gave no answer once had to say isn't over.
  if (before.disk === undefined || now.disk === undefined) return events;
  const noted = new Set(notesOn(before));
  const fresh = notesOn(now).filter((note) => !noted.has(note));
  return [...events, ...fresh.map((note) => trouble(now, note))];
}

function roleEvents(before: ClusterStatus, now: ClusterStatus): Event[] {
  const [did, does] = [before, now].map(({ nodes }) => nodes.find((node) => node.coordinates)?.id);
  if (does === undefined || does === did) return [];
  return [{ kind: 'role', severity: 'plain', text: `${does} coordinates upkeep` }];
}

function protectionEvents(before: ClusterStatus, now: ClusterStatus): Event[] {
  const sides = [
    ['unreadable', 'cannot be read now'],
    ['withoutMargin', 'survive no loss'],
    ['underProtected', 'survive less than they should'],
  ] as const;
  return sides.flatMap(([side, says]): Event[] => {
    const [was, is] = [before.protection[side].volumes, now.protection[side].volumes];
    if (was === is) return [];
    const severity = is === 0 ? 'good' : is > was ? 'bad' : 'plain';
    const { bytes } = now.protection[side];
    const amount = is === 0 ? 'no volumes' : `${countText(is, 'volume')} (${sizeText(bytes)})`;
    return [{ kind: 'protection', severity, text: `${amount} ${says}` }];
  });
}

function repairEvents(before: ClusterStatus, now: ClusterStatus): Event[] {
  const [was, is] = [before.protection.rebuilding, now.protection.rebuilding];
  if (was.slots === 0 && is.slots > 0) {
    const text = `repair begins: ${is.slots} slots, ${sizeText(is.bytesLeft)}`;
    return [{ kind: 'repair', severity: 'plain', text }];
  }
  if (was.slots > 0 && is.slots === 0) {
    return [{ kind: 'repair', severity: 'good', text: 'repair is done' }];
  }
  return [];
}

function etcdEvents(before: ClusterStatus, now: ClusterStatus): Event[] {
  const event = (severity: Event['severity'], text: string): Event => {
    return { kind: 'etcd', severity, text };
  };
  const old = new Map(before.names.members.map((member) => [member.endpoint, member]));
  const health = now.names.members.flatMap(({ endpoint, healthy }) => {
    const was = old.get(endpoint)?.healthy;
    if (was === undefined || was === healthy) return [];
    const says = healthy ? 'answers again' : 'gives no answer';
    return [event(healthy ? 'good' : 'bad', `etcd at ${endpoint} ${says}`)];
  });
  const [led, leads] = [before, now].map(
    ({ names }) => names.members.find(({ leader }) => leader)?.endpoint,
  );
  const leader = leads && leads !== led ? [event('plain', `etcd at ${leads} leads`)] : [];
  const [had, has] = [before, now].map(({ names }) =>
    names.upkeep.alarms.map(({ alarm }) => alarm).join(', '),
  );
  if (had === has) return [...health, ...leader];
  const alarm = has ? event('bad', `etcd's alarm: ${has}`) : event('good', "etcd's alarm is over");
  return [...health, ...leader, alarm];
}

function heldEvents(before: ClusterStatus, now: ClusterStatus): Event[] {
  const [was, is] = [before.names.collectionHeld, now.names.collectionHeld];
  if (was === undefined || is === undefined || was === is) return [];
  const text = is
    ? 'nothing is thrown away until the restore is released'
    : 'garbage is collected again';
  return [{ kind: 'garbage', severity: is ? 'plain' : 'good', text }];
}
