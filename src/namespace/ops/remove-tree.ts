/**
 * Takes away everything under a folder, and the file of that very name, page by page: each page
 * goes in one transaction. What has gone is gone; after a failure the same call goes on with the
 * rest.
 */
import { DftfsError, isCode } from '#base/errors.ts';
import { fileKey } from '#protocol/keys.ts';
import type { FileEntry } from '../records.ts';
import { folderSpan } from './list.ts';
import {
  attemptsMax,
  type CallLimits,
  changedTooOften,
  fileEntry,
  type Names,
  readReferences,
  VerbTime,
} from './names.ts';
import { filesByBlob, planRemoval } from './plan-removal.ts';
import { remove } from './remove.ts';
import { Scan } from './scan.ts';

const pageNamesMax = 200;
/** A page's share of the engine's limit on one request, each path being named about six times. */
const pagePathBytesMax = 96 * 1024;

/**
 * How many names went. Errors: path_not_found if there was nothing, canceled; those of `remove`,
 * with outcome 'maybe' when a part is gone already.
 */
export async function removeTree(
  names: Names,
  folder: string,
  limits: CallLimits,
): Promise<number> {
  const progress = { removed: 0 };
  try {
    if (folder !== '/') progress.removed += await removeFile(names, folder, limits);
    await removePages(names, folder, limits, progress);
  } catch (error) {
    throw progress.removed > 0 ? halfDone(folder, progress.removed, error) : error;
  }
  if (progress.removed > 0) return progress.removed;
  const detail = `There is nothing at ${folder} and nothing under it.`;
  throw new DftfsError('path_not_found', detail, { path: folder });
}

async function removeFile(names: Names, path: string, limits: CallLimits): Promise<number> {
  try {
    await remove(names, path, limits);
    return 1;
  } catch (error) {
    if (isCode(error, 'path_not_found')) return 0;
    throw error;
  }
}

/**
 * A page that met a change is read anew, smaller each time, so that a busy name can't hold up the
 * rest.
 */
async function removePages(
  names: Names,
  folder: string,
  limits: CallLimits,
  progress: { removed: number },
): Promise<void> {
  const span = folderSpan(folder);
  let time = new VerbTime(names.clock, limits);
  const scan = new Scan((part) => names.kv.range(part, time.options()), span);
  let position = span.start;
  let limit = pageNamesMax;
  for (let conflicts = 0; conflicts < attemptsMax; ) {
    if (limits.signal?.aborted) throw new DftfsError('canceled', 'The caller has gone.');
    time = new VerbTime(names.clock, limits);
    const { entries } = await scan.next(limit);
    const files = boundedPage(entries.map(fileEntry));
    const last = files.at(-1);
    if (last === undefined) return;
    const done = await removeFiles(names, files, time);
    conflicts = done ? 0 : conflicts + 1;
    limit = done ? pageNamesMax : Math.ceil(limit / 4);
    if (done) {
      progress.removed += files.length;
      position = `${fileKey(last.path)}\0`;
    }
    if (!done || files.length < entries.length) scan.seek(position);
  }
  throw changedTooOften(folder);
}

function boundedPage(files: readonly FileEntry[]): readonly FileEntry[] {
  let bytes = 0;
  const end = files.findIndex(({ path }) => {
    bytes += Buffer.byteLength(path);
    return bytes > pagePathBytesMax;
  });
  return end < 0 ? files : files.slice(0, end);
}

/**
 * False: one of the files or of their blobs' other names has changed meanwhile; nothing was done.
 */
async function removeFiles(
  names: Names,
  files: readonly FileEntry[],
  time: VerbTime,
): Promise<boolean> {
  const blobs = [...filesByBlob(files)];
  const reads = blobs.map(([blob, sharers]) => readReferences(blob, sharers.length + 1));
  const results = await names.committer.read(reads, time.options());
  const seen = new Map(
    blobs.map(([blob], index) => [blob, (results[index]?.entries ?? []).map(({ key }) => key)]),
  );
  const txn = { ...planRemoval(files, seen), else: [] };
  const operation = names.newOperation();
  const write = { operation, txn, marker: 'always', frees: true } as const;
  const result = await names.committer.write(write, time.options());
  return result.earlier || result.succeeded;
}

const halfDone = (folder: string, removed: number, cause: unknown): DftfsError =>
  new DftfsError(
    'outcome_unknown',
    `${removed} files under ${folder} were removed before it failed; repeat it to remove the rest.`,
    { path: folder, cause },
  );
