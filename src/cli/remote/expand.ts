/** From what people write to the files of the cluster that they mean. */
import { type ListEntry, PathNotFoundError, type Storage } from '#client/index.ts';
import { type Glob, isGlob, parseGlob } from './glob.ts';
import { absolute, anyPath, filePath, nameOf, under } from './remote-path.ts';

export type Lister = Pick<Storage, 'ls' | 'exists'>;

export interface Expanding {
  readonly storage: Lister;
  readonly literal: boolean;
  readonly recursive: boolean;
  readonly signal: AbortSignal;
}

export interface RemoteFile {
  readonly path: string;
  /** From the source that it was found by: `b/c` of `/a`; for the source itself its last name. */
  readonly inside: string;
  /** The source's last name, if this lies below it. */
  readonly folder: string | undefined;
  /** Undefined: not asked for. */
  readonly size: number | undefined;
}

/** Undefined: a path that was written, which can be a file, a folder, or both. */
export interface Found {
  readonly path: string;
  readonly kind: 'file' | 'folder' | undefined;
  /** As far as a listing has told. */
  readonly size?: number | undefined;
  readonly modified?: string | undefined;
}

/** What one argument stands for: itself, or what a pattern matches. Throws PathNotFoundError. */
export async function* expandPattern(text: string, how: Expanding): AsyncGenerator<Found> {
  if (how.literal || !isGlob(text)) {
    yield { path: how.recursive ? anyPath(text) : filePath(text), kind: undefined };
    return;
  }
  let count = 0;
  let taken: string | undefined;
  const glob = parseGlob(absolute(text));
  for await (const found of candidates(glob, how)) {
    const { path, kind } = found;
    if ((kind === 'folder' && !how.recursive) || !glob.matches(path)) continue;
    // With its folder it has been found already.
    if (taken !== undefined && path.startsWith(`${taken}/`)) continue;
    if (kind === 'folder') taken = path;
    count += 1;
    yield found;
  }
  if (count === 0) throw nothing(text, 'matches');
}

async function* candidates({ base, deep }: Glob, how: Expanding): AsyncGenerator<Found> {
  let open: string[] = [];
  try {
    for await (const { name, ...rest } of listBelow(base, deep, how)) {
      if (deep && how.recursive) {
        const folders = foldersOf(name);
        const fresh = folders.filter((folder) => !open.includes(folder));
        for (const folder of fresh) yield { path: under(base, folder), kind: 'folder' };
        open = folders;
      }
      yield { path: under(base, name), ...rest };
    }
  } catch (error) {
    if (!(error instanceof PathNotFoundError)) throw error;
  }
}

/** `a`, `a/b` of `a/b/c`. Names come in order, so a folder's are all in a row. */
function foldersOf(name: string): string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}

/** What is below a path; a file's own listing, which is itself, doesn't count. */
export async function* listBelow(
  path: string,
  recursive: boolean,
  { storage, signal }: Pick<Expanding, 'storage' | 'signal'>,
): AsyncGenerator<ListEntry> {
  for await (const entry of storage.ls(path, { recursive, signal })) {
    const isItself = entry.kind === 'file' && path !== '/' && entry.name === nameOf(path);
    if (isItself && !(await storage.exists(under(path, entry.name), { signal }))) continue;
    yield entry;
  }
}

/**
 * All files that were found by one path: itself, and with `recursive` what is below. Throws
 * PathNotFoundError.
 */
export async function* filesAt(found: Found, how: Expanding): AsyncGenerator<RemoteFile> {
  const { path, kind, size } = found;
  const name = nameOf(path);
  const itself = { path, inside: name, folder: undefined, size };
  if (!how.recursive || kind === 'file') {
    yield itself;
    return;
  }
  const { storage, signal } = how;
  const isFile = kind !== 'folder' && path !== '/' && (await storage.exists(path, { signal }));
  if (isFile) yield itself;
  try {
    for await (const entry of listBelow(path, true, how)) {
      const below = under(path, entry.name);
      yield { path: below, inside: entry.name, folder: name, size: entry.size };
    }
  } catch (error) {
    if (!(error instanceof PathNotFoundError)) throw error;
    if (!isFile) throw nothing(path, 'is at or under');
  }
}

const nothing = (what: string, verb: string): PathNotFoundError =>
  new PathNotFoundError(`Nothing ${verb} ${what}.`, { code: 'path_not_found', path: what });

/** Everything that the arguments stand for, one after another. */
export async function* filesOf(
  sources: readonly string[],
  how: Expanding,
): AsyncGenerator<RemoteFile> {
  for (const source of sources) {
    for await (const found of expandPattern(source, how)) yield* filesAt(found, how);
  }
}
