/**
 * Where this project's own folders are, wherever it was unpacked and from wherever it is started.
 */
import { join, resolve } from 'node:path';

export const projectFolder = resolve(import.meta.dirname, '../../..');
/** What can be fetched or built again: safe to delete. */
export const cacheFolder = join(projectFolder, '.cache');
export const defaultDataFolder = join(projectFolder, 'data');
