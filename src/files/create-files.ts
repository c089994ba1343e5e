/** Files over names and bytes. What each call promises is said in `files.ts`. */

import { DftfsError, isCode } from '#base/errors.ts';
import type { BlobReader, BlobWriter, WrittenBlob } from '#blob/blob.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { Namespace } from '#namespace/namespace.ts';
import type { FileEntry } from '#namespace/records.ts';
import { pathTaken, requestOfKey } from '#namespace/request.ts';
import type { Logger } from '#observe/log.ts';
import { describeFile } from './describe-file.ts';
import type { ByteRange, CallContext, Files, PutOptions, PutResult } from './files.ts';

export interface FilesDeps {
  readonly namespace: Namespace;
  readonly writer: BlobWriter;
  readonly reader: BlobReader;
  readonly map: Pick<ClusterMap, 'live' | 'isLive'>;
  readonly log: Logger;
}

export function createFiles(deps: FilesDeps): Files {
  const { namespace, reader, map } = deps;
  const withKey = (context: CallContext, idempotencyKey: string | undefined) => ({
    signal: context.signal,
    idempotencyKey,
  });
  return {
    checkAbsent: (path, key, context) => checkAbsent(namespace, path, key, context),
    put: (path, content, options, context) => put(deps, path, content, options, context),
    lookup: (path, context) => namespace.lookup(path, context),
    read: (entry, range, context) => read(reader, entry, range, context),
    copy: (from, to, key, context) => namespace.copy(from, to, withKey(context, key)),
    move: (from, to, key, context) => namespace.move(from, to, withKey(context, key)),
    list: (options, context) => namespace.list(options, context),
    async remove(path, key, context) {
      await namespace.remove(path, withKey(context, key));
      return { removed: 1 };
    },
    async removeTree(folder, context) {
      return { removed: await namespace.removeTree(folder, context) };
    },
    stat: (path, context) => describeFile(namespace, map, path, context),
  };
}

async function checkAbsent(
  namespace: Namespace,
  path: string,
  key: string | undefined,
  context: CallContext,
): Promise<FileEntry | undefined> {
  const entry = await namespace.lookup(path, context);
  if (entry === undefined) return undefined;
  const request = key === undefined ? undefined : requestOfKey('put', key);
  if (entry.record.request === request) return entry;
  throw pathTaken(entry, request);
}

async function put(
  deps: FilesDeps,
  path: string,
  content: AsyncIterable<Buffer>,
  options: PutOptions,
  context: CallContext,
): Promise<PutResult> {
  const { contentType, metadata, idempotencyKey } = options;
  const written = await deps.writer.write(content, context);
  const file = {
    ...written,
    contentType,
    metadata,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
  try {
    options.beforeCommit?.();
    const result = await deps.namespace.create(path, file, context);
    if (result.repeated) await discard(deps, written);
    return result;
  } catch (error) {
    if (isNeverNamed(error)) await discard(deps, written);
    throw error;
  }
}

/** The blob has no name and gets none. With a lost session it isn't ours any longer to throw away. */
const isNeverNamed = (error: unknown): boolean =>
  error instanceof DftfsError &&
  error.outcome === 'none' &&
  !isCode(error, 'session_lost', 'names_unavailable');

/** Only saves space early, so it may fail: the blob goes at the latest when this node's session ends. */
async function discard({ namespace, log }: FilesDeps, written: WrittenBlob): Promise<void> {
  const { blob, size, extents } = written;
  try {
    await namespace.discard(blob, { size, extents });
  } catch (error) {
    log.warn('unnamed blob left behind', { blob, error });
  }
}

async function* read(
  reader: BlobReader,
  { path, record }: FileEntry,
  { start, end }: ByteRange,
  { signal }: CallContext,
): AsyncIterable<Buffer> {
  const isRange = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (!isRange || start < 0 || end < start || end > record.size) {
    const detail = `The range isn't within the file's ${record.size} bytes.`;
    throw new DftfsError('range_unsatisfiable', detail, { path });
  }
  if (start < end) yield* reader.read(record, start, end, { signal });
}
