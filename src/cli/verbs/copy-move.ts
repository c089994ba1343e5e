/** `dftfs cp` and `dftfs mv`: from the cluster to the cluster. */
import { PathExistsError, type PutInfo } from '#client/index.ts';
import { UsageError } from '../exit-codes.ts';
import { expandPattern, type Found, filesAt, type RemoteFile } from '../remote/expand.ts';
import { isGlob } from '../remote/glob.ts';
import { type Destination, parseDestination, targetOf, under } from '../remote/remote-path.ts';
import type { Session } from '../session.ts';
import { eachOf, runBatch } from '../transfer/batch.ts';
import { literal, parallel, recursive, remotes, type Verb } from '../verb.ts';
import { expandingOf } from './expanding.ts';

const shape = {
  arguments: [remotes, { name: 'REMOTE', kind: 'remote' }],
  options: [
    recursive('everything below a path'),
    { name: 'skip-existing', help: 'a path that is taken already is no failure' },
    literal,
    parallel,
  ],
} as const satisfies Partial<Verb>;

export const cp: Verb = {
  ...shape,
  name: 'cp',
  summary: 'copy files within the cluster',
  details: [
    'A copy is made at once, whatever the size: it shares the bytes. Nothing is overwritten: exit code 3.',
    'With a slash at its end, or with several files, the destination is a folder; else it is the name itself.',
  ],
  examples: [
    { line: 'dftfs cp /a/photo.jpg /backup/', says: 'as /backup/photo.jpg' },
    { line: 'dftfs cp -r /a /b', says: '/a/x/y as /b/x/y' },
  ],
  run: (session) => transfer(session, 'cp'),
};

export const mv: Verb = {
  ...shape,
  name: 'mv',
  summary: 'rename files within the cluster',
  details: [
    'Each file is renamed in one transaction; with -r they go one by one, and an interrupted move has moved some of them: repeat it.',
    'With a slash at its end, or with several files, the destination is a folder; else it is the name itself.',
  ],
  examples: [{ line: "dftfs mv '/in/*.csv' /done/", says: 'all that match' }],
  run: (session) => transfer(session, 'mv'),
};

async function transfer(session: Session, verb: 'cp' | 'mv'): Promise<void> {
  const { storage, options, output, signal } = session;
  const sources = session.args.slice(0, -1);
  const how = expandingOf(session);
  const many = sources.length > 1 || (!how.literal && sources.some(isGlob));
  const destination = parseDestination(session.args.at(-1) ?? '', many);
  const run = verb === 'cp' ? storage.copy.bind(storage) : storage.move.bind(storage);
  const files = async function* (source: string): AsyncGenerator<RemoteFile> {
    for await (const found of expandPattern(source, how)) {
      if (how.recursive) refuseInside(found, destination);
      yield* filesAt(found, how);
    }
  };
  await runBatch(session, {
    things: eachOf(session, sources, files),
    nameOf: ({ path }) => path,
    run: async (file) => {
      const to = pathFor(file, destination);
      try {
        tell(session, verb, file.path, await run(file.path, to, { signal }));
      } catch (error) {
        if (!(error instanceof PathExistsError) || !options.flag('skip-existing')) throw error;
        output.done({ [verb]: to, skipped: true }, `${output.name(to)} is there already`);
      }
    },
  });
}

function pathFor({ inside, folder }: RemoteFile, to: Destination): string {
  if (folder === undefined) return targetOf(to, inside);
  return under(folder === '' ? to.path : targetOf(to, folder), inside);
}

/** What is copied while it is listed would be listed again. */
function refuseInside({ path, kind }: Found, to: Destination): void {
  if (kind === 'file') return;
  const target = targetOf(to, path.slice(path.lastIndexOf('/') + 1));
  const folder = path === '/' ? '/' : `${path}/`;
  if (target === path || !`${target}/`.startsWith(folder)) return;
  throw new UsageError(`${target} lies within ${path}.`);
}

function tell({ output }: Session, verb: string, from: string, info: PutInfo): void {
  const { path, size, etag, crc32 } = info;
  const value = { [verb]: path, from, size, etag, crc32 };
  output.done(value, `${output.name(from)} -> ${output.name(path)}`);
}
