/** The one way to ask what a path is. (A coherent cache, should one come, comes here.) */
import type { BlobId } from '#base/ids.ts';
import { pathOfBackReference } from '#protocol/keys.ts';
import type { FileEntry } from '../records.ts';
import {
  attemptsMax,
  type CallLimits,
  changedTooOften,
  entryAt,
  type Names,
  readName,
  readReferences,
  VerbTime,
} from './names.ts';

/** Undefined: nothing there. Errors: names_unavailable, data_damaged. */
export const lookup = (
  names: Names,
  path: string,
  limits: CallLimits,
): Promise<FileEntry | undefined> => readName(names, path, new VerbTime(names.clock, limits));

/**
 * Any name of the blob, as it is now; undefined: there is none. Errors: names_unavailable,
 * overloaded, data_damaged.
 */
export async function lookupBlob(
  names: Names,
  blob: BlobId,
  limits: CallLimits,
): Promise<FileEntry | undefined> {
  const time = new VerbTime(names.clock, limits);
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const results = await names.committer.read([readReferences(blob, 1)], time.options());
    const reference = entryAt(results, 0);
    if (reference === undefined) return undefined;
    const file = await readName(names, pathOfBackReference(reference.key), time);
    if (file?.record.blob === blob) return file;
  }
  throw changedTooOften(`blob ${blob}`);
}
