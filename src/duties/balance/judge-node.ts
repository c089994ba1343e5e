/** What speaks against emptying a node, stopping it, taking it out. Pure. Undefined: nothing. */
import type { NodeId } from '#base/ids.ts';
import type { DiskFacts } from '#protocol/node-facts.ts';
import { marginOf, type VolumeRecord } from '#protocol/volumes.ts';

export interface JudgedNode {
  readonly id: NodeId;
  readonly live: boolean;
  readonly draining: boolean;
  readonly capacityBytes: number;
  /** Undefined: it doesn't say. */
  readonly disk: DiskFacts | undefined;
}

/** Of every disk, left free: beyond it stores refuse writes. */
const keptFreeShare = 0.02;

/** Of what this node must hold, how much is still to go? */
export const slotsOn = (node: NodeId, volumes: readonly VolumeRecord[]): number =>
  volumes.filter(
    ({ members, incoming }) =>
      members.includes(node) || incoming.some((successor) => successor.node === node),
  ).length;

/** Volumes that can't be read from members now: who was one may hold what they lack. */
export const unreadableOf = (
  volumes: readonly VolumeRecord[],
  isLive: (node: NodeId) => boolean,
): number => volumes.filter((volume) => marginOf(volume, isLive) < 0).length;

/** Why the node mustn't be emptied. */
export function againstDraining(id: NodeId, nodes: readonly JudgedNode[]): string | undefined {
  const live = nodes.filter((node) => node.live);
  const staying = live.filter((node) => node.id !== id && !node.draining);
  const needed = live.length >= 3 ? 3 : 2;
  if (staying.length < needed) {
    return (
      `Without ${id}, ${staying.length} nodes would hold all data, and ${needed} are needed: ` +
      'add a node first, or take back another drain.'
    );
  }
  const node = live.find((one) => one.id === id);
  // What a dead one held is rebuilt anyway.
  if (node === undefined) return undefined;
  if (node.disk === undefined) return `${id} doesn't say how much it holds: try again.`;
  const room = staying.reduce((sum, one) => sum + roomOn(one), 0);
  if (node.disk.liveBytes <= room) return undefined;
  return (
    `${id} holds ${node.disk.liveBytes} bytes, and the others have room for ${Math.floor(room)}: ` +
    'add a node, or delete files first.'
  );
}

function roomOn({ capacityBytes, disk }: JudgedNode): number {
  if (disk === undefined || disk.full || disk.fenced !== null) return 0;
  const { freeBytes, segmentBytes, totalBytes } = disk;
  const kept = keptFreeShare * totalBytes;
  return Math.max(0, Math.min(freeBytes - kept, capacityBytes - segmentBytes));
}

export interface StopAdvice {
  readonly safeToStop: boolean;
  readonly reason: string;
}

export function adviseStop(
  { id, live, draining }: Pick<JudgedNode, 'id' | 'live' | 'draining'>,
  slots: number,
  unreadable: number,
): StopAdvice {
  if (slots === 0 && live && unreadable > 0) {
    return unsafe(`${unreadable} volumes can't be read now, and it may hold what they lack.`);
  }
  if (slots === 0) return { safeToStop: true, reason: 'No data counts on it.' };
  if (!live) return unsafe(`It doesn't run, and ${slots} slots count on it: repair fills them.`);
  if (draining) return unsafe(`${slots} slots are still to be moved to other nodes.`);
  return unsafe(`It holds ${slots} slots: drain it first, by POST /-/nodes/${id}/drain.`);
}

const unsafe = (reason: string): StopAdvice => ({ safeToStop: false, reason });

/** Why the node can't be forgotten. */
export function againstRemoval(id: NodeId, live: boolean, slots: number): string | undefined {
  if (slots > 0) {
    return live
      ? `${slots} slots count on ${id}: drain it first, then stop it.`
      : `${slots} slots count on ${id}: wait until they are rebuilt on other nodes.`;
  }
  if (live) return `${id} runs: stop it first. No data counts on it.`;
  return undefined;
}
