/** What has happened between two looks at a cluster. */
import type { ClusterNode, ClusterStatus } from '#client/cluster-status.ts';
import { many, sizeText } from '../parts/format.ts';

export interface ClusterEvent {
  readonly severity: 'good' | 'bad' | 'plain';
  readonly text: string;
}

const good = (text: string): ClusterEvent => ({ severity: 'good', text });
const bad = (text: string): ClusterEvent => ({ severity: 'bad', text });
const plain = (text: string): ClusterEvent => ({ severity: 'plain', text });

/** `before` undefined: the first look tells how things are. */
export function eventsBetween(
  before: ClusterStatus | undefined,
  now: ClusterStatus,
): ClusterEvent[] {
  if (before === undefined) {
    const live = now.nodes.filter((node) => node.live).length;
    return [plain(`Watching: ${live} of ${many(now.nodes.length, 'node')} alive.`)];
  }
  return [
    ...nodeEvents(before, now),
    ...roleEvents(before, now),
    ...protectionEvents(before, now),
    ...repairEvents(before, now),
    ...etcdEvents(before, now),
  ];
}

function nodeEvents(before: ClusterStatus, now: ClusterStatus): ClusterEvent[] {
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const ids = new Set(now.nodes.map(({ id }) => id));
  return [
    ...now.nodes.flatMap((node) => {
      const known = old.get(node.id);
      return known === undefined ? [good(`${node.id} has joined.`)] : changesOf(known, node);
    }),
    ...before.nodes.filter(({ id }) => !ids.has(id)).map(({ id }) => plain(`${id} was removed.`)),
  ];
}

function changesOf(before: ClusterNode, now: ClusterNode): ClusterEvent[] {
  const { id } = now;
  const events: ClusterEvent[] = [];
  if (before.live && !now.live) {
    events.push(bad(now.suspected ? `${id} is gone: ${now.suspected}.` : `${id} is gone.`));
  }
  if (!before.live && now.live) events.push(good(`${id} is back.`));
  if (!before.draining && now.draining) events.push(plain(`${id} is to be emptied.`));
  if (before.draining && !now.draining) events.push(plain(`${id} stays.`));
  if (now.draining && before.slots > 0 && now.slots === 0) {
    events.push(good(`${id} is empty: it can be stopped.`));
  }
  // What a node that gave no answer once had to say isn't over.
  if (before.disk === undefined || now.disk === undefined) return events;
  if (!before.disk.full && now.disk.full) events.push(bad(`The disk of ${id} is full.`));
  if (now.disk.fenced !== null && before.disk.fenced === null) {
    events.push(bad(`The disk of ${id} takes no more writes: ${now.disk.fenced}.`));
  }
  const damaged = now.disk.damaged - before.disk.damaged;
  if (damaged > 0) events.push(bad(`${many(damaged, 'damaged shard')} found on ${id}.`));
  return events;
}

function roleEvents(before: ClusterStatus, now: ClusterStatus): ClusterEvent[] {
  const [was, is] = [before, now].map(({ nodes }) => nodes.find((node) => node.coordinates)?.id);
  return is === undefined || is === was ? [] : [plain(`${is} coordinates upkeep now.`)];
}

const sides = [
  ['unreadable', 'can’t be read now'],
  ['withoutMargin', 'survive no further loss'],
  ['underProtected', 'survive fewer losses than they should'],
] as const;

function protectionEvents(before: ClusterStatus, now: ClusterStatus): ClusterEvent[] {
  return sides.flatMap(([side, says]) => {
    const [was, is] = [before.protection[side].volumes, now.protection[side].volumes];
    if (was === is) return [];
    if (is === 0) return [good(`No volumes ${says} any more.`)];
    const text = `${many(is, 'volume')} (${sizeText(now.protection[side].bytes)}) ${says}.`;
    return [is > was ? bad(text) : plain(text)];
  });
}

function repairEvents(before: ClusterStatus, now: ClusterStatus): ClusterEvent[] {
  const [was, is] = [before.protection.rebuilding.slots, now.protection.rebuilding.slots];
  const { bytesLeft } = now.protection.rebuilding;
  if (was === 0 && is > 0) {
    return [plain(`Repair has begun: ${many(is, 'slot')}, ${sizeText(bytesLeft)}.`)];
  }
  return was > 0 && is === 0 ? [good('Repair is done.')] : [];
}

function etcdEvents(before: ClusterStatus, now: ClusterStatus): ClusterEvent[] {
  const old = new Map(before.names.members.map((member) => [member.endpoint, member]));
  const health = now.names.members.flatMap(({ endpoint, healthy }) => {
    const was = old.get(endpoint)?.healthy;
    if (was === undefined || was === healthy) return [];
    const name = `The etcd member at ${endpoint}`;
    return [healthy ? good(`${name} answers again.`) : bad(`${name} gives no answer.`)];
  });
  const [led, leads] = [before, now].map(
    ({ names }) => names.members.find(({ leader }) => leader)?.endpoint,
  );
  const isNew = led !== undefined && leads !== undefined && leads !== led;
  return isNew ? [...health, plain(`The etcd member at ${leads} leads now.`)] : health;
}
