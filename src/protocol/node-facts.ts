/** What nodes tell each other of themselves when asked: how full, how well, how far. */
import { DftfsError } from '#base/errors.ts';
import { isVolumeId, type VolumeId } from '#base/ids.ts';

/** null → NodeFacts. */
export const factsMethod = 'upkeep.facts';

export interface NodeFacts {
  readonly disk: DiskFacts;
  /** What the node's shards of each volume take, as of a while ago; empty: not counted yet. */
  readonly volumes: readonly VolumeBytes[];
  /** Of shards that it lacked, rebuilt lately. */
  readonly repairBytesPerSecond: number;
  /** Missing: it doesn't count them. */
  readonly requests?: RequestFacts | undefined;
  /** By name, what each duty says of its progress. */
  readonly duties: Readonly<Record<string, unknown>>;
}

export interface DiskFacts {
  readonly diskId: string;
  /** What the disk was taken for when the node came; null: the node isn't registered. */
  readonly standing: string | null;
  readonly liveBytes: number;
  readonly segmentBytes: number;
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly full: boolean;
  /** Why nothing more is written, if so. */
  readonly fenced: string | null;
  /** Its longest operation of late. */
  readonly slowestMs: number;
  /** Shards known to be damaged. */
  readonly damaged: number;
}

/** Of files, by clients, since the process began. */
export interface RequestFacts {
  /** By the node's own clock: differences tell rates. */
  readonly atMs: number;
  readonly count: number;
  /** As the client's fault, by a fault of ours, and given up by the client. */
  readonly refused: number;
  readonly failed: number;
  readonly left: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** How many took so long and longer than the step before; the last has no end. */
  readonly durations: readonly DurationStep[];
}

export type DurationStep = readonly [upToMs: number | null, count: number];

export type VolumeBytes = readonly [volume: VolumeId, bytes: number];

/** Throws invalid_message for anything that isn't whole: the peer may be of another version. */
export function parseNodeFacts(head: unknown): NodeFacts {
  if (isNodeFacts(head)) return head;
  throw new DftfsError('invalid_message', 'A node sent no facts about itself.');
}

function isNodeFacts(head: unknown): head is NodeFacts {
  if (!isObject(head) || !isObject(head.disk) || !isObject(head.duties)) return false;
  const { disk, volumes, repairBytesPerSecond, requests } = head;
  const sizes = ['liveBytes', 'segmentBytes', 'freeBytes', 'totalBytes', 'slowestMs', 'damaged'];
  return (
    sizes.every((name) => isAmount(disk[name])) &&
    typeof disk.diskId === 'string' &&
    typeof disk.full === 'boolean' &&
    isTextOrNull(disk.fenced) &&
    isTextOrNull(disk.standing) &&
    isAmount(repairBytesPerSecond) &&
    (requests === undefined || isRequestFacts(requests)) &&
    Array.isArray(volumes) &&
    volumes.every(isVolumeBytes)
  );
}

function isRequestFacts(requests: unknown): boolean {
  if (!isObject(requests) || !Array.isArray(requests.durations)) return false;
  const counts = ['atMs', 'count', 'refused', 'failed', 'left', 'bytesReceived', 'bytesSent'];
  return counts.every((name) => isAmount(requests[name])) && requests.durations.every(isStep);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const isAmount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string';
const isVolumeBytes = (value: unknown): value is VolumeBytes =>
  Array.isArray(value) &&
  value.length === 2 &&
  typeof value[0] === 'string' &&
  isVolumeId(value[0]) &&
  isAmount(value[1]);
const isStep = (value: unknown): value is DurationStep =>
  Array.isArray(value) &&
  value.length === 2 &&
  (value[0] === null || isAmount(value[0])) &&
  isAmount(value[1]);
