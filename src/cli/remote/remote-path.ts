/** Paths of the cluster as people write them. Pure. */
import { basename, join } from 'node:path/posix';
import { parseFilePath, parsePath } from '#base/path.ts';
import { UsageError } from '../exit-codes.ts';

/** The slash at the beginning may be left out. */
export const absolute = (text: string): string => (text.startsWith('/') ? text : `/${text}`);

/** Throws UsageError. */
export function filePath(text: string): string {
  return checked(() => parseFilePath(absolute(text)));
}

/** With or without a slash at its end. Throws UsageError. */
export function anyPath(text: string): string {
  return checked(() => parsePath(absolute(text)).path);
}

function checked(parse: () => string): string {
  try {
    return parse();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** What is below a folder, named from there on. */
export const under = (folder: string, name: string): string => join(folder, name);

export const nameOf = (path: string): string => basename(path);

/**
 * Where a source goes: into a folder, or to the name itself. Decided by how the destination is
 * written, never by what is there.
 */
export interface Destination {
  readonly path: string;
  readonly into: boolean;
}

/** `many`: there are several sources, or a pattern. Throws UsageError. */
export function parseDestination(text: string, many: boolean): Destination {
  const into = many || text.endsWith('/') || text === '';
  const path = anyPath(text);
  return { path, into: into || path === '/' };
}

export const targetOf = ({ path, into }: Destination, sourceName: string): string =>
  into ? under(path, sourceName) : path;
