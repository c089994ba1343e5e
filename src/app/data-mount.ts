/**
 * For disks that are mounted: a mount point whose disk is absent is an empty folder on the disk
 * above, and a node would begin anew there.
 */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { DftfsError } from '#base/errors.ts';

/** Throws invalid_argument unless the store is on another device than what lies above `folder`. */
export async function checkMounted(folder: string, storeFolder: string): Promise<void> {
  const above = await deviceOf(path.dirname(folder));
  const own = (await deviceOf(storeFolder)) ?? (await deviceOf(folder));
  if (own !== undefined && own !== above) return;
  throw new DftfsError(
    'invalid_argument',
    `${storeFolder} is not on a disk of its own, as node.requireMount demands: mount its disk, or ` +
      'take the setting away.',
  );
}

/** Undefined: there is no such folder. */
async function deviceOf(folder: string): Promise<number | undefined> {
  try {
    return (await stat(folder)).dev;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
