/** `dftfs rm` */
import { PathNotFoundError } from '#client/index.ts';
import { UsageError } from '../exit-codes.ts';
import { countText } from '../output/format.ts';
import { expandPattern } from '../remote/expand.ts';
import type { Session } from '../session.ts';
import { eachOf, runBatch } from '../transfer/batch.ts';
import { literal, parallel, recursive, remotes, type Verb } from '../verb.ts';
import { expandingOf } from './expanding.ts';

export const rm: Verb = {
  name: 'rm',
  summary: 'remove files',
  arguments: [remotes],
  options: [
    recursive('and everything below the path'),
    { name: 'force', short: 'f', help: 'what is not there is no failure' },
    { name: 'no-preserve-root', help: 'let -r / remove everything there is' },
    literal,
    parallel,
  ],
  details: [
    'With -r files go in bounded steps; an interrupted removal has removed some: repeat it.',
  ],
  examples: [
    { line: 'dftfs rm /a/b.txt', says: 'one file' },
    { line: 'dftfs rm -r /old', says: '/old, if it is a file, and all that is below it' },
    { line: "dftfs rm '/logs/2025-*.gz'", says: 'all files that match' },
  ],
  run: runRemove,
};

async function runRemove(session: Session): Promise<void> {
  const { storage, args, options, output, signal } = session;
  const how = expandingOf(session);
  const force = options.flag('force');
  await runBatch(session, {
    things: eachOf(session, args, (source) =>
      force ? ignoringAbsence(expandPattern(source, how)) : expandPattern(source, how),
    ),
    nameOf: ({ path }) => path,
    run: async ({ path, kind }) => {
      if (path === '/' && !options.flag('no-preserve-root')) {
        throw new UsageError(
          'This would remove everything: add --no-preserve-root if you mean it.',
        );
      }
      const deep = how.recursive && kind !== 'file';
      try {
        const removed = await storage.rm(path, { recursive: deep, signal });
        const count = deep ? `, ${countText(removed, 'file')}` : '';
        output.done({ rm: path, removed }, `${output.name(path)} is removed${count}`);
      } catch (error) {
        if (!force || !(error instanceof PathNotFoundError)) throw error;
      }
    },
  });
}

async function* ignoringAbsence<T>(things: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* things;
  } catch (error) {
    if (!(error instanceof PathNotFoundError)) throw error;
  }
}
