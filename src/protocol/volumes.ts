/**
 * Volumes and extents: how a blob lies on the nodes. Kept in the kv under `v/` and in file records.
 */
import { DftfsError } from '#base/errors.ts';
import type { NodeId, VolumeId } from '#base/ids.ts';
import { isNodeId, isVolumeId } from '#base/ids.ts';

/** Reed–Solomon: k data shards, m parity shards. k = 1: m + 1 copies. */
export interface Code {
  readonly k: number;
  readonly m: number;
}

/**
 * 'sealed': nothing new is begun in it. 'closed': nothing that is in it gets its first name any
 * more, so that what is found in it from then on is all there ever is.
 */
export type VolumeState = (typeof volumeStates)[number];
const volumeStates = ['open', 'sealed', 'closed'] as const;

export interface VolumeRecord {
  readonly id: VolumeId;
  readonly code: Code;
  /** Members by slot; k + m of them, all different. */
  readonly members: readonly NodeId[];
  /** + 1 with every change of members. */
  readonly epoch: number;
  readonly state: VolumeState;
  /** Slots whose new member doesn't hold everything yet. */
  readonly rebuilding: readonly number[];
  /** Nodes that fill a slot whose member is still there: they take its place when they are done. */
  readonly incoming: readonly Incoming[];
}

export interface Incoming {
  readonly slot: number;
  readonly node: NodeId;
}

/**
 * The slot as shard keys name it. Copies are all alike and stand under slot 0, so that one can be
 * added or taken away without a change of the others.
 */
export const slotInKeys = ({ k }: Code, slot: number): number => (k === 1 ? 0 : slot);

/** Slots that can be read from now. */
export const readableSlots = (
  { members, rebuilding }: VolumeRecord,
  isLive: (node: NodeId) => boolean,
): number[] =>
  [...members.keys()].filter(
    (slot) => isLive(members[slot] as NodeId) && !rebuilding.includes(slot),
  );

/** Who holds those. */
export const readableMembers = (
  record: VolumeRecord,
  isLive: (node: NodeId) => boolean,
): NodeId[] => readableSlots(record, isLive).map((slot) => record.members[slot] as NodeId);

/** How many more members may be lost. Negative: not readable now. */
export const marginOf = (record: VolumeRecord, isLive: (node: NodeId) => boolean): number =>
  readableSlots(record, isLive).length - record.code.k;

/**
 * The next `count` stripes of a blob lie in `volume`, under the numbers `first` … `first + count −
 * 1`. Numbers ascend along the blob, but where an upload switched volumes some are left out: those
 * of its unfinished stripes, which were sent anew under later numbers, so that no shard is ever
 * written with two contents.
 */
export interface Extent {
  readonly volume: VolumeId;
  readonly first: number;
  readonly count: number;
}

/** More shards a stripe than any code here makes; bounds what a decoder takes in. */
const slotsMax = 64;

export function encodeVolume(record: VolumeRecord): Buffer {
  const { id, code, members, epoch, state, rebuilding } = record;
  const incoming = record.incoming.map(({ slot, node }) => [slot, node]);
  return Buffer.from(
    JSON.stringify({ id, k: code.k, m: code.m, members, epoch, state, rebuilding, incoming }),
  );
}

/** Throws data_damaged if the bytes aren't a whole and consistent record. */
export function decodeVolume(bytes: Buffer): VolumeRecord {
  const record = parseVolume(bytes);
  if (record === undefined) {
    throw new DftfsError('data_damaged', 'A volume record cannot be understood; see the log.');
  }
  return record;
}

/** Undefined if they aren't. */
export function parseVolume(bytes: Buffer): VolumeRecord | undefined {
  const plain = parseJsonObject(bytes);
  if (plain === undefined) return undefined;
  const { id, k, m, members, epoch, state, rebuilding } = plain;
  if (typeof id !== 'string' || !isVolumeId(id)) return undefined;
  if (!isCount(k) || !isCount(m) || k < 1 || k + m > slotsMax) return undefined;
  if (!isCount(epoch) || !isState(state)) return undefined;
  if (!isListOf(members, isNode) || members.length !== k + m || !allDiffer(members))
    return undefined;
  const isSlot = (slot: unknown): slot is number => isCount(slot) && slot < k + m;
  if (!isListOf(rebuilding, isSlot) || !allDiffer(rebuilding)) return undefined;
  const incoming = parseIncoming(plain.incoming, isSlot);
  if (incoming === undefined) return undefined;
  return { id, code: { k, m }, members, epoch, state, rebuilding, incoming };
}

function parseIncoming(
  value: unknown,
  isSlot: (slot: unknown) => slot is number,
): Incoming[] | undefined {
  const isPair = (pair: unknown): pair is [number, NodeId] =>
    Array.isArray(pair) && pair.length === 2 && isSlot(pair[0]) && isNode(pair[1]);
  if (!isListOf(value, isPair) || !allDiffer(value.map(([slot]) => slot))) return undefined;
  return value.map(([slot, node]) => ({ slot, node }));
}

function parseJsonObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;
const isState = (value: unknown): value is VolumeState =>
  (volumeStates as readonly unknown[]).includes(value);
const isNode = (value: unknown): value is NodeId => typeof value === 'string' && isNodeId(value);
const isListOf = <T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] =>
  Array.isArray(value) && value.every(isItem);
const allDiffer = (list: readonly unknown[]): boolean => new Set(list).size === list.length;
