/** Files on this side, as they are found below a folder. */
import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { LocalError } from '../exit-codes.ts';

export interface LocalFile {
  readonly path: string;
  /** From the source on, with slashes; for a source that is a file its name. */
  readonly inside: string;
  /** The source's last name, if this lies below it. */
  readonly folder: string | undefined;
}

export interface Walk {
  readonly recursive: boolean;
  /** Something that can't be put was passed over. */
  readonly skipped: (path: string, why: string) => void;
}

/** Throws LocalError, and what the system says. */
export async function* localFiles(source: string, walk: Walk): AsyncGenerator<LocalFile> {
  const facts = await stat(source);
  const name = basename(resolve(source));
  if (!facts.isDirectory()) {
    yield { path: source, inside: name, folder: undefined };
    return;
  }
  if (!walk.recursive) throw new LocalError('It is a folder: -r takes it with all that is in it.');
  for await (const [path, inside] of below(source, '', walk)) yield { path, inside, folder: name };
}

async function* below(
  folder: string,
  inside: string,
  walk: Walk,
): AsyncGenerator<[path: string, inside: string]> {
  const entries: Dirent[] = [];
  for await (const entry of await opendir(folder)) entries.push(entry);
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const name = inside === '' ? entry.name : `${inside}/${entry.name}`;
    if (entry.isDirectory()) yield* below(path, name, walk);
    else if (entry.isFile() || (entry.isSymbolicLink() && (await isFileBehind(path))))
      yield [path, name];
    else walk.skipped(path, 'neither a file nor a folder');
  }
}

/** Links to files count as files; those to folders would lead round in circles. */
const isFileBehind = (path: string): Promise<boolean> =>
  stat(path).then(
    (facts) => facts.isFile(),
    () => false,
  );
