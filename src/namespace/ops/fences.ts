/**
 * What must not have changed since a blob was written when it gets its first name: each volume used
 * is as it was when the bytes went there (its members hold them), and the writer's session lives
 * (nobody has taken the blob for garbage).
 */
import { DftfsError } from '#base/errors.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import type { Compare, OpResult, RangeOp } from '#kv/kv.ts';
import { livenessKey, volumeKey } from '#protocol/keys.ts';
import { decodeVolume } from '#protocol/volumes.ts';
import { entryAt, isCreatedAt, isUnchanged, type Names, readKey } from './names.ts';

export interface Fences {
  /** Every volume used, as known when the first stripe went there. */
  readonly volumes: readonly KnownVolume[];
  /** The writer's session, which the blob's id is of. */
  readonly session: number;
}

/** Throws volume_changed if a volume was known as closed: nothing gets its first name in it. */
export function fenceCompares({ node }: Names, { volumes, session }: Fences): Compare[] {
  if (volumes.some(({ record }) => record.state === 'closed')) throw volumeChanged();
  return [
    isCreatedAt(livenessKey(node), session),
    ...volumes.map(({ record: { id }, revision }) => isUnchanged(volumeKey(id), revision)),
  ];
}

/** What to read when the transaction has failed, for `judgeFences`. */
export const fenceReads = ({ node }: Names, { volumes }: Fences): RangeOp[] => [
  readKey(livenessKey(node)),
  ...volumes.map(({ record: { id } }) => readKey(volumeKey(id))),
];

/**
 * `results`: of `fenceReads`. Throws which fence is in the way for good (session_lost,
 * volume_changed), or returns the fences as they are now, for another try.
 */
export function judgeFences(results: readonly OpResult[], fences: Fences): Fences {
  if (entryAt(results, 0)?.createRevision !== fences.session) {
    const detail =
      'This node lost its place in the cluster during the upload; send the file again.';
    throw new DftfsError('session_lost', detail);
  }
  const volumes = fences.volumes.map((known, index): KnownVolume => {
    const found = entryAt(results, index + 1);
    const now = found === undefined ? undefined : decodeVolume(found.value);
    if (found === undefined || now === undefined || !holdsAll(known, now)) throw volumeChanged();
    return { record: now, revision: found.modRevision };
  });
  return { ...fences, volumes };
}

const holdsAll = ({ record }: KnownVolume, now: KnownVolume['record']): boolean =>
  now.state !== 'closed' &&
  record.epoch === now.epoch &&
  record.members.length === now.members.length &&
  record.members.every((member, slot) => member === now.members[slot]);

const volumeChanged = (): DftfsError =>
  new DftfsError(
    'volume_changed',
    'The nodes that hold the file changed during the upload; send the file again.',
  );
