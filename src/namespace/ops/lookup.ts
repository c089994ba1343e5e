/** The one way to ask what a path is. (A coherent cache, should one come, comes here.) */
import type { FileEntry } from '../records.ts';
import { type CallLimits, type Names, readName, VerbTime } from './names.ts';

/** Undefined: nothing there. Errors: names_unavailable, data_damaged. */
export const lookup = (
  names: Names,
  path: string,
  limits: CallLimits,
): Promise<FileEntry | undefined> => readName(names, path, new VerbTime(names.clock, limits));
