/**
 * Which segment is worth compacting. One without anything live costs nothing. Else the one with the
 * least to copy, among those that give back enough for it: half of it; a quarter if much of the
 * whole store is dead; almost anything when room runs out, or when nobody has deleted anything for
 * a while: then no more will die by itself soon. One whose live records find no room is never
 * begun: the room would be gone for nothing.
 */
const MiB = 1024 * 1024;
const deadShareMin = 1 / 2;
/** When more than this share of the whole store is dead … */
const wastefulShare = 1 / 10;
/** … this much of a segment is enough. */
const wastefulDeadShareMin = 1 / 4;
/** Less is not worth writing the other fifteen parts again, even on a full disk. */
const leastDeadShareMin = 1 / 16;
/** The last segment is ended early from this size on. */
const sealBytesMin = 1 * MiB;
/** While others write, it is never ended for less. */
const tailDeadShareMin = 1 / 4;

export interface SegmentUse {
  readonly segment: number;
  readonly bytes: number;
  /** Bytes of live records. */
  readonly liveBytes: number;
}

export interface CompactionFacts {
  /** Complete ones, without those that damaged records hold back. */
  readonly sealed: readonly SegmentUse[];
  /** The one that records are appended to. */
  readonly tail: SegmentUse;
  /** Bytes that copies may take. */
  readonly roomBytes: number;
  readonly isTight: boolean;
  /** Nothing was deleted for a while. */
  readonly isSettled: boolean;
}

export type CompactionPlan =
  | { readonly kind: 'compact'; readonly segment: number }
  /** The last segment is mostly dead: end it, so that it can be compacted. */
  | { readonly kind: 'seal' }
  /** There is something to win back, and no room for the copies. */
  | { readonly kind: 'no_room' }
  | { readonly kind: 'nothing' };

const deadBytes = ({ bytes, liveBytes }: SegmentUse): number => bytes - liveBytes;
const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

function shareWorthIt({ sealed, tail, isTight, isSettled }: CompactionFacts): number {
  const all = [...sealed, tail];
  const deadShare = sum(all.map(deadBytes)) / Math.max(1, sum(all.map(({ bytes }) => bytes)));
  if (isTight || (isSettled && deadShare > leastDeadShareMin)) return leastDeadShareMin;
  return deadShare > wastefulShare ? wastefulDeadShareMin : deadShareMin;
}

export function planCompaction(facts: CompactionFacts): CompactionPlan {
  const { sealed, tail, roomBytes, isSettled } = facts;
  const share = shareWorthIt(facts);
  const isWorthIt = (use: SegmentUse) => use.liveBytes === 0 || deadBytes(use) >= use.bytes * share;
  const tailShare = isSettled ? share : Math.max(share, tailDeadShareMin);
  const isTailDue = tail.bytes >= sealBytesMin && deadBytes(tail) >= tail.bytes * tailShare;
  const [best] = sealed.filter(isWorthIt).sort((a, b) => a.liveBytes - b.liveBytes);
  if (best !== undefined && (best.liveBytes === 0 || best.liveBytes <= roomBytes)) {
    return { kind: 'compact', segment: best.segment };
  }
  if (isTailDue && tail.liveBytes <= roomBytes) return { kind: 'seal' };
  return best === undefined ? { kind: 'nothing' } : { kind: 'no_room' };
}
