/**
 * Gives a finished blob its name, if nobody has it: the one atomic moment of a file's life. The
 * same transaction asks that every volume used is as it was when the bytes went there (its members
 * hold them), that the writer's session lives, and that nobody has taken the blob for garbage.
 */
import { DftfsError } from '#base/errors.ts';
import type { BlobId } from '#base/ids.ts';
import { prefixEnd } from '#kv/kv.ts';
import { backReferencePrefix, fileKey, garbageKey, livenessKey } from '#protocol/keys.ts';
import type { Extent } from '#protocol/volumes.ts';
import type { WriteRequest } from '../committer.ts';
import { contentOf, type FileEntry, type FileRecord } from '../records.ts';
import { keyReused, pathTaken, requestOf } from '../request.ts';
import { type Fences, fenceCompares, fenceReads, judgeFences } from './fences.ts';
import {
  attemptsMax,
  type CallLimits,
  changedTooOften,
  entryAt,
  fileAt,
  isAbsent,
  isEmptySpan,
  type Names,
  putName,
  readKey,
  VerbTime,
} from './names.ts';

/** A blob that is written, durable and without a name, and what the file shall carry. */
export interface NewFile extends Fences {
  readonly blob: BlobId;
  readonly size: number;
  readonly crc: number;
  readonly extents: readonly Extent[];
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
  let fences: Fences = file;
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const write = createRequest(names, path, record, fences);
    const result = await names.committer.write(write, time.options());
    if (result.earlier) {
      return { entry: await findCreated(names, path, record, file.session, time), repeated: false };
    }
    if (result.succeeded) {
      return { entry: { path, record, revision: result.revision }, repeated: false };
    }
    const taken = fileAt(result.results, 0);
    if (taken !== undefined) return { entry: taken, ...judgeTaken(taken, record) };
    // The path was free, so a fence was in the way.
    fences = judgeFences(result.results.slice(1), fences);
  }
  throw changedTooOften(path);
}

function createRequest(
  names: Names,
  path: string,
  record: FileRecord,
  fences: Fences,
): WriteRequest {
  const references = backReferencePrefix(record.blob);
  return {
    operation: names.newOperation(),
    txn: {
      compare: [
        ...[isAbsent(fileKey(path)), ...fenceCompares(names, fences)],
        isAbsent(garbageKey(record.blob)),
      ],
      then: putName(path, record),
      else: [readKey(fileKey(path)), ...fenceReads(names, fences)],
    },
    marker: 'direct',
    traces: [isEmptySpan(references, prefixEnd(references)), isAbsent(garbageKey(record.blob))],
  };
}

/** The path holds a file: this request's of before, or another's (throws). */
function judgeTaken(taken: FileEntry, record: FileRecord): { repeated: boolean } {
  if (taken.record.request !== record.request) throw pathTaken(taken, record.request);
  if (contentOf(taken.record) === record.blob) return { repeated: false };
  const sameContent = taken.record.size === record.size && taken.record.crc === record.crc;
  if (!sameContent) throw keyReused(taken.path);
  return { repeated: true };
}

/**
 * An earlier try was applied. Finds the entry's revision; 0 if the name has since gone again. A
 * blob that only garbage tells of was named once if the session is still the same: nobody else may
 * touch it. Both must be seen at one revision: an engine that answers with what was might show the
 * session of before.
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
    readKey(garbageKey(record.blob)),
  ];
  const results = await names.committer.read(ranges, time.options()).catch((cause) => {
    throw createUnknown(path, cause);
  });
  const found = fileAt(results, 0);
  if (found !== undefined && contentOf(found.record) === record.blob) return found;
  const isOurs = entryAt(results, 2)?.createRevision === session;
  const wasNamed = isOurs && entryAt(results, 3) !== undefined;
  if (entryAt(results, 1) === undefined && !wasNamed) throw createUnknown(path, undefined);
  return { path, record, revision: 0 };
}

const createUnknown = (path: string, cause: unknown): DftfsError =>
  new DftfsError(
    'outcome_unknown',
    `Whether ${path} was put is not known; repeat the put with the same Idempotency-Key.`,
    { path, cause },
  );
