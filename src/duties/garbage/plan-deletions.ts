/**
 * Whom to ask to delete which blobs of the queue. A blob is deleted twice. First from all holders,
 * each remembered until it has confirmed, however long it is away. Then, when the key has stood for
 * a while, from all of them once more: a repair or a write that was still under way the first time
 * may have brought a shard back.
 */
import type { NodeId, VolumeId } from '#base/ids.ts';
import type { QueuedBlob } from '#namespace/garbage-queue.ts';
import type { BlobInVolume } from '#protocol/shards.ts';
import type { VolumeRecord } from '#protocol/volumes.ts';
import { holdersOf } from './holders.ts';

export interface Deletion {
  readonly queued: QueuedBlob;
  /** The last pass: the key goes when all have confirmed. */
  readonly isLast: boolean;
  readonly asked: ReadonlyMap<NodeId, readonly BlobInVolume[]>;
  /** Who holds shards of it and can't be asked now. */
  readonly away: readonly NodeId[];
}

/**
 * Undefined: nothing to do now. Volumes without a record have no holders: it is gone when a volume
 * is known to be empty.
 */
export function planDeletion(
  queued: QueuedBlob,
  volumes: ReadonlyMap<VolumeId, VolumeRecord | 'damaged'>,
  canAsk: (node: NodeId) => boolean,
): Deletion | undefined {
  const { blob, record } = queued;
  const asked = new Map<NodeId, BlobInVolume[]>();
  for (const id of new Set(record.extents.map(({ volume }) => volume))) {
    const volume = volumes.get(id);
    if (volume === 'damaged') return undefined;
    if (volume === undefined) continue;
    for (const node of holdersOf(volume)) {
      const there = asked.get(node) ?? [];
      asked.set(node, [...there, { volume: id, blob }]);
    }
  }
  const { awaited } = record;
  const isLast = awaited?.length === 0;
  if (awaited !== undefined && !isLast) {
    for (const node of asked.keys()) if (!awaited.includes(node)) asked.delete(node);
  }
  const away = [...asked.keys()].filter((node) => !canAsk(node));
  for (const node of away) asked.delete(node);
  if (isLast && away.length > 0) return undefined;
  // All that were awaited still are, and none of them is back.
  if (asked.size === 0 && away.length > 0 && away.length === awaited?.length) return undefined;
  return { queued, isLast, asked, away };
}

/** What each node is to delete, in calls of at most `pairsMax` blobs. */
export function callsByNode(
  deletions: readonly Deletion[],
  pairsMax: number,
): Map<NodeId, BlobInVolume[][]> {
  const calls = new Map<NodeId, BlobInVolume[][]>();
  for (const [node, pair] of deletions.flatMap(({ asked }) =>
    [...asked].flatMap(([id, pairs]) => pairs.map((one) => [id, one] as const)),
  )) {
    const ofNode = calls.get(node) ?? [];
    const last = ofNode.at(-1);
    if (last !== undefined && last.length < pairsMax) last.push(pair);
    else ofNode.push([pair]);
    calls.set(node, ofNode);
  }
  return calls;
}
