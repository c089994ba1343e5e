/**
 * What the names engine needs most: a pure decision on what was surveyed. First old history is
 * forgotten, then members give freed space back, one at a time and the leader last, and when all
 * are below the quota again, the alarm is lifted.
 */
import type { MemberAlarm } from '#kv/etcd/maintenance.ts';
import { canSpareOne, hasAlarm, type Survey, type SurveyedMember } from './survey.ts';

export interface UpkeepLimits {
  /** At this size of a member's database the engine refuses what is new. */
  readonly quotaBytes: number;
  /** Smaller files are left as they are, unless space runs out. */
  readonly bytesMin: number;
}

export interface Known {
  /** Up to here history may be forgotten. */
  readonly oldRevision: number;
  /** Up to here it was. */
  readonly compactedRevision: number;
  /** In use, by the fullest member, when it was. */
  readonly bytesAtCompaction: number;
  /** It was lately. */
  readonly isCompactionRested: boolean;
  /** It is time again, however little there is. */
  readonly isCompactionDue: boolean;
  /** In use by the member at the look before. */
  readonly bytesInUseBefore: (endpoint: string) => number | undefined;
  /** Defragmented lately. */
  readonly isRested: (endpoint: string) => boolean;
}

export type UpkeepAction =
  | { readonly kind: 'compact'; readonly endpoint: string; readonly revision: number }
  | { readonly kind: 'defragment'; readonly member: SurveyedMember }
  | { readonly kind: 'disarm'; readonly endpoint: string; readonly alarms: readonly MemberAlarm[] };

const nearShare = 0.8;
/** The alarm is lifted below this share of the quota, or it would soon be back. */
const clearShare = 0.9;
const growthFactor = 1.25;
/** Fewer, as upkeep itself makes them, are nothing to forget. */
const revisionsMin = 10;
/** Of what was in use at the look before: less, and compaction is still at work. */
const settledShare = 0.95;
/** Of the file, so much must be free for a defragmentation to pay when space runs out. */
const freeShareMin = 0.05;

/** The fullest member's database is near what it may have, or beyond. */
export const isNearQuota = ({ members }: Survey, { quotaBytes }: UpkeepLimits): boolean =>
  members.some(({ dbBytes }) => dbBytes > quotaBytes * nearShare);

export function nextAction(
  survey: Survey,
  known: Known,
  limits: UpkeepLimits,
): UpkeepAction | undefined {
  const [first] = survey.members;
  // A database that is damaged is for a person to look at.
  if (first === undefined || hasAlarm(survey, 'corrupt')) return undefined;
  if (compactionPays(survey, known, limits)) {
    return { kind: 'compact', endpoint: first.endpoint, revision: known.oldRevision };
  }
  const member = toDefragment(survey, known, limits);
  if (member !== undefined) return { kind: 'defragment', member };
  const alarms = survey.alarms.filter(({ alarm }) => alarm === 'nospace');
  if (alarms.length === 0 || !allBelow(survey, limits)) return undefined;
  return { kind: 'disarm', endpoint: first.endpoint, alarms };
}

function compactionPays(survey: Survey, known: Known, limits: UpkeepLimits): boolean {
  if (known.oldRevision <= known.compactedRevision) return false;
  if (hasAlarm(survey, 'nospace')) return true;
  if (known.isCompactionRested) return false;
  if (known.isCompactionDue && known.oldRevision - known.compactedRevision >= revisionsMin) {
    return true;
  }
  const bytes = bytesInUseMax(survey);
  const hasGrown = bytes > limits.bytesMin && bytes > known.bytesAtCompaction * growthFactor;
  return hasGrown || isNearQuota(survey, limits);
}

export const bytesInUseMax = ({ members }: Survey): number =>
  Math.max(0, ...members.map(({ dbBytesInUse }) => dbBytesInUse));

function toDefragment(
  survey: Survey,
  known: Known,
  limits: UpkeepLimits,
): SurveyedMember | undefined {
  const isFull = hasAlarm(survey, 'nospace');
  // Writes are refused already, so that a member that is away for long must not keep it so.
  const allowed = survey.missing.length === 0 || (isFull && canSpareOne(survey));
  if (!allowed || (!isFull && isFreeing(survey, known))) return undefined;
  return survey.members
    .filter((member) => defragmentationPays(member, isFull, limits))
    .filter(({ endpoint }) => !known.isRested(endpoint))
    .sort((a, b) => Number(a.isLeader) - Number(b.isLeader) || freeBytes(b) - freeBytes(a))[0];
}

/** What is compacted is free bit by bit, at each member in its own time. */
const isFreeing = ({ members }: Survey, { bytesInUseBefore }: Known): boolean =>
  members.some(({ endpoint, dbBytesInUse }) => {
    return dbBytesInUse < (bytesInUseBefore(endpoint) ?? 0) * settledShare;
  });

function defragmentationPays(
  member: SurveyedMember,
  isFull: boolean,
  { quotaBytes, bytesMin }: UpkeepLimits,
): boolean {
  const { dbBytes, dbBytesInUse } = member;
  if (dbBytes > bytesMin && dbBytes > 2 * dbBytesInUse) return true;
  const isTight = isFull ? dbBytes >= quotaBytes * clearShare : dbBytes > quotaBytes * nearShare;
  return isTight && freeBytes(member) > dbBytes * freeShareMin;
}

const freeBytes = ({ dbBytes, dbBytesInUse }: SurveyedMember): number => dbBytes - dbBytesInUse;

const allBelow = ({ members }: Survey, { quotaBytes }: UpkeepLimits): boolean =>
  members.every(({ dbBytes }) => dbBytes < quotaBytes * clearShare);
