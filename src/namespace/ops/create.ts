/**
 * Gives a finished blob its name, if nobody has it: the one atomic moment of a file's life. The
 * same transaction asks that every volume used is as it was when the bytes went there (its members
 * hold them), and that the writer's session lives (so that nobody has taken the blob for garbage).
 */
import { DftfsError } from '#base/errors.ts';
import type { BlobId } from '#base/ids.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import { prefixEnd, type TxnResult } from '#kv/kv.ts';
import {
  backReferencePrefix,
  fileKey,
  garbageKey,
  livenessKey,
  volumeKey,
} from '#protocol/keys.ts';
import { decodeVolume, type Extent } from '#protocol/volumes.ts';
import type { WriteRequest } from '../committer.ts';
import type { FileEntry, FileRecord } from '../records.ts';
import { keyReused, pathTaken, requestOf } from '../request.ts';
import {
  attemptsMax,
  type CallLimits,
  changedTooOften,
  entryAt,
  fileAt,
  isAbsent,
  isCreatedAt,
  isEmptySpan,
  isUnchanged,
  type Names,
  putName,
  readKey,
  VerbTime,
} from './names.ts';

/** A blob that is written, durable and without a name, and what the file shall carry. */
export interface NewFile {
  readonly blob: BlobId;
  readonly size: number;
  readonly crc: number;
  readonly extents: readonly Extent[];
  /** Every volume used, as known when the first stripe went there. */
  readonly volumes: readonly KnownVolume[];
  /** The writer's session, which the blob's id is of. */
  readonly session: number;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
}

export interface CreateResult {
  readonly entry: FileEntry;
  /** True: an earlier request with the same key made the file; this one's blob got no name. */
  readonly repeated: boolean;
}

/**
 * Errors: path_exists, idempotency_key_reused, volume_changed, session_lost, overloaded: definite,
 * the blob has no name and gets none. names_unavailable, names_full, outcome_unknown as in
 * `Committer`.
 */
export async function create(
  names: Names,
  path: string,
  file: NewFile,
  limits: CallLimits,
): Promise<CreateResult> {
  const time = new VerbTime(names.clock, limits);
  const { size, contentType, metadata, blob, crc, extents } = file;
  const modifiedMs = names.clock.wall();
  const request = requestOf('put', file.idempotencyKey, names.newOperation());
  const record = { size, contentType, metadata, modifiedMs, blob, crc, extents, request };
  let volumes = file.volumes;
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const write = createRequest(names, path, record, volumes, file.session);
    const result = await names.committer.write(write, time.options());
    if (result.earlier) {
      return { entry: await findCreated(names, path, record, file.session, time), repeated: false };
    }
    if (result.succeeded) {
      return { entry: { path, record, revision: result.revision }, repeated: false };
    }
    const taken = fileAt(result.results, 0);
    if (taken !== undefined) return { entry: taken, ...judgeTaken(taken, record) };
    volumes = judgeFences(result, volumes, file.session);
  }
  throw changedTooOften(path);
}

function createRequest(
  names: Names,
  path: string,
  record: FileRecord,
  volumes: readonly KnownVolume[],
  session: number,
): WriteRequest {
  const volumeKeys = volumes.map((volume) => volumeKey(volume.record.id));
  const liveness = livenessKey(names.node);
  const references = backReferencePrefix(record.blob);
  return {
    operation: names.newOperation(),
    txn: {
      compare: [
        isAbsent(fileKey(path)),
        isCreatedAt(liveness, session),
        ...volumes.map(({ record: { id }, revision }) => isUnchanged(volumeKey(id), revision)),
      ],
      then: putName(path, record),
      else: [readKey(fileKey(path)), readKey(liveness), ...volumeKeys.map(readKey)],
    },
    marker: 'direct',
    traces: [isEmptySpan(references, prefixEnd(references)), isAbsent(garbageKey(record.blob))],
  };
}

/** The path holds a file: this request's of before, or another's (throws). */
function judgeTaken(taken: FileEntry, record: FileRecord): { repeated: boolean } {
  if (taken.record.request !== record.request) throw pathTaken(taken, record.request);
  if (taken.record.blob === record.blob) return { repeated: false };
  const sameContent = taken.record.size === record.size && taken.record.crc === record.crc;
  if (!sameContent) throw keyReused(taken.path);
  return { repeated: true };
}

/**
 * The path was free, so a fence was in the way. Throws what it was, or returns the volumes as they
 * are now if their members are the same and a new try makes sense.
 */
function judgeFences(
  { results }: Pick<TxnResult, 'results'>,
  volumes: readonly KnownVolume[],
  session: number,
): readonly KnownVolume[] {
  if (entryAt(results, 1)?.createRevision !== session) {
    const detail =
      'This node lost its place in the cluster during the upload; send the file again.';
    throw new DftfsError('session_lost', detail);
  }
  return volumes.map((known, index): KnownVolume => {
    const found = entryAt(results, index + 2);
    const now = found === undefined ? undefined : decodeVolume(found.value);
    if (found === undefined || now === undefined || !sameMembers(known, now)) {
      const detail = 'The nodes that hold the file changed during the upload; send the file again.';
      throw new DftfsError('volume_changed', detail);
    }
    return { record: now, revision: found.modRevision };
  });
}

const sameMembers = ({ record }: KnownVolume, now: KnownVolume['record']): boolean =>
  record.epoch === now.epoch &&
  record.members.length === now.members.length &&
  record.members.every((member, slot) => member === now.members[slot]);

/**
 * An earlier try was applied. Finds the entry's revision; 0 if the name has since gone again. A
 * blob that only garbage tells of was named once if the session is still the same: nobody else may
 * touch it.
 */
async function findCreated(
  names: Names,
  path: string,
  record: FileRecord,
  session: number,
  time: VerbTime,
): Promise<FileEntry> {
  const references = backReferencePrefix(record.blob);
  const ranges = [
    readKey(fileKey(path)),
    { kind: 'range', start: references, end: prefixEnd(references), limit: 1 } as const,
    readKey(livenessKey(names.node)),
  ];
  const results = await names.committer.read(ranges, time.options()).catch((cause) => {
    throw createUnknown(path, cause);
  });
  const found = fileAt(results, 0);
  if (found?.record.blob === record.blob) return found;
  const sure = entryAt(results, 1) !== undefined || entryAt(results, 2)?.createRevision === session;
  if (!sure) throw createUnknown(path, undefined);
  return { path, record, revision: 0 };
}

const createUnknown = (path: string, cause: unknown): DftfsError =>
  new DftfsError(
    'outcome_unknown',
    `Whether ${path} was put is not known; repeat the put with the same Idempotency-Key.`,
    { path, cause },
  );
