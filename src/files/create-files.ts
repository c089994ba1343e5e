/** Files over names and bytes. What each call promises is said in `files.ts`. */

import { DftfsError } from '#base/errors.ts';
import type { BlobReader, BlobWriter, WrittenBlob } from '#blob/blob.ts';
import { commitBlob } from '#blob/commit-blob.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { Namespace } from '#namespace/namespace.ts';
import { contentOf, type FileEntry, type FileRecord } from '#namespace/records.ts';
import { pathTaken, requestOfKey } from '#namespace/request.ts';
import { describeFile } from './describe-file.ts';
import type { ByteRange, CallContext, Files, PutOptions, PutResult } from './files.ts';

export interface FilesDeps {
  readonly namespace: Namespace;
  readonly writer: BlobWriter;
  readonly reader: BlobReader;
  readonly map: Pick<ClusterMap, 'live' | 'isLive'>;
  /** A hint: no new name can be had now. */
  readonly areNamesFull: () => boolean;
}

export function createFiles(deps: FilesDeps): Files {
  const { namespace, map, areNamesFull } = deps;
  const withKey = (context: CallContext, idempotencyKey: string | undefined) => ({
    signal: context.signal,
    idempotencyKey,
  });
  return {
    async checkAbsent(path, key, context) {
      const entry = await checkAbsent(namespace, path, key, context);
      if (entry === undefined && areNamesFull()) throw namesFull(path);
      return entry;
    },
    put: (path, content, options, context) => put(deps, path, content, options, context),
    lookup: (path, context) => namespace.lookup(path, context),
    read: (entry, range, context) => read(deps, entry, range, context),
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

const namesFull = (path: string): DftfsError => {
  const detail = 'There is no space left for names; delete files, or raise the quota of etcd.';
  return new DftfsError('names_full', detail, { path });
};

async function put(
  { namespace, writer, areNamesFull }: FilesDeps,
  path: string,
  content: AsyncIterable<Buffer>,
  options: PutOptions,
  context: CallContext,
): Promise<PutResult> {
  const { contentType, metadata, idempotencyKey } = options;
  if (areNamesFull()) {
    // Else its bytes would lie about without a name.
    await checkAbsent(namespace, path, idempotencyKey, context);
    throw namesFull(path);
  }
  const written = await writer.write(content, context);
  const key = idempotencyKey === undefined ? {} : { idempotencyKey };
  const check = () => options.beforeCommit?.();
  const name = async (blob: WrittenBlob) => {
    const file = { ...blob, contentType, metadata, ...key };
    const result = await namespace.create(path, file, context);
    return { result, isNamed: !result.repeated };
  };
  return await commitBlob({ writer, namespace }, written, { check, name }, context);
}

async function* read(
  { reader, namespace }: FilesDeps,
  { path, record }: FileEntry,
  { start, end }: ByteRange,
  { signal }: CallContext,
): AsyncIterable<Buffer> {
  const isRange = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (!isRange || start < 0 || end < start || end > record.size) {
    const detail = `The range isn't within the file's ${record.size} bytes.`;
    throw new DftfsError('range_unsatisfiable', detail, { path });
  }
  const moved = async (): Promise<FileRecord | undefined> => {
    const now = (await namespace.lookup(path, { signal }))?.record;
    return now !== undefined && contentOf(now) === contentOf(record) ? now : undefined;
  };
  if (start < end) yield* reader.read(record, start, end, { signal, moved });
}
