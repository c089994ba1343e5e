/** `dftfs ls` */
import { sizeText, timeText } from '../output/format.ts';
import { expandPattern } from '../remote/expand.ts';
import { isGlob } from '../remote/glob.ts';
import { anyPath, nameOf, under } from '../remote/remote-path.ts';
import type { Session } from '../session.ts';
import { eachOf } from '../transfer/batch.ts';
import { literal, recursive, remotes, type Verb } from '../verb.ts';

export const ls: Verb = {
  name: 'ls',
  summary: 'list a folder',
  arguments: [{ ...remotes, optional: true }],
  options: [
    recursive('all files below'),
    { name: 'long', short: 'l', help: 'sizes and times (UTC) too' },
    { name: 'paths', short: 'p', help: 'whole paths instead of names' },
    literal,
  ],
  details: [
    'One name a line, in the order of their bytes; folders with a slash at their end. Without a path: the root. What a pattern finds is listed itself, by its path.',
  ],
  examples: [
    { line: 'dftfs ls -l /pictures', says: 'with sizes and times' },
    { line: 'dftfs ls -rp / | wc -l', says: 'how many files there are' },
    { line: 'dftfs ls --json /pictures', says: 'one object a line' },
  ],
  run: runList,
};

interface Shown {
  readonly path: string;
  readonly name: string;
  readonly kind: 'file' | 'folder';
  readonly size?: number | undefined;
  readonly modified?: string | undefined;
}

async function runList(session: Session): Promise<void> {
  const { args, options, output } = session;
  const sources = args.length === 0 ? ['/'] : args;
  const isShort = sources.length === 1 && !options.flag('paths');
  for await (const { found, byPath } of eachOf(session, sources, (text) => list(session, text))) {
    const { path, name, kind, size, modified } = found;
    const slash = kind === 'folder' ? '/' : '';
    output.result({ path, name, kind, size, modified }, () => {
      const shown = output.name(isShort && !byPath ? name : path) + slash;
      const painted = kind === 'folder' ? output.paint('blue', shown) : shown;
      if (!options.flag('long')) return painted;
      const facts = [(size === undefined ? '-' : sizeText(size)).padStart(8)];
      facts.push((modified === undefined ? '' : timeText(modified)).padEnd(19));
      return [...facts, painted].join('  ');
    });
  }
}

interface Listed {
  readonly found: Shown;
  readonly byPath: boolean;
}

async function* list(session: Session, text: string): AsyncGenerator<Listed> {
  const { storage, options, signal } = session;
  const deep = options.flag('recursive');
  const isLiteral = options.flag('literal');
  if (!isLiteral && isGlob(text)) {
    const how = { storage, signal, literal: false, recursive: true };
    for await (const { path, kind = 'file', size, modified } of expandPattern(text, how)) {
      if (kind === 'folder' && deep) yield* below(session, path, true, true);
      else yield { found: { path, name: nameOf(path), kind, size, modified }, byPath: true };
    }
    return;
  }
  yield* below(session, anyPath(text), deep, false);
}

async function* below(
  { storage, signal }: Session,
  path: string,
  recursiveToo: boolean,
  byPath: boolean,
): AsyncGenerator<Listed> {
  for await (const entry of storage.ls(path, { recursive: recursiveToo, signal })) {
    const isItself = entry.kind === 'file' && path !== '/' && entry.name === nameOf(path);
    const inside = under(path, entry.name);
    // A file's listing is itself.
    const whole = isItself && !(await storage.exists(inside, { signal })) ? path : inside;
    yield { found: { ...entry, path: whole }, byPath };
  }
}
