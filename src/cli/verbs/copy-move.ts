/** `dftfs cp` and `dftfs mv`: from the cluster to the cluster, or to another one. */
import { PathExistsError, type PutInfo } from '#client/index.ts';
import { UsageError } from '../exit-codes.ts';
import { expandPattern, type Found, filesAt, type RemoteFile } from '../remote/expand.ts';
import { isGlob } from '../remote/glob.ts';
import { type Destination, parseDestination, targetOf, under } from '../remote/remote-path.ts';
import type { Session } from '../session.ts';
import { eachOf, runBatch } from '../transfer/batch.ts';
import { carryFile } from '../transfer/carry.ts';
import { Progress } from '../transfer/progress.ts';
import { sayDone } from '../transfer/summary.ts';
import { literal, type Option, parallel, recursive, remotes, type Verb } from '../verb.ts';
import { expandingOf } from './expanding.ts';

const shared: readonly Option[] = [
  recursive('everything below a path'),
  { name: 'skip-existing', help: 'a path that is taken already is no failure' },
  literal,
  parallel,
];

const destinationSays =
  'With a slash at its end, or with several files, the destination is a folder; else it is the name itself.';

export const cp: Verb = {
  name: 'cp',
  summary: 'copy files within the cluster, or to another one',
  arguments: [remotes, { name: 'REMOTE', kind: 'remote' }],
  options: [
    ...shared,
    {
      ...{ name: 'to', value: 'URL', many: true },
      help: 'an endpoint of another cluster, which gets the files',
    },
    {
      ...{ name: 'to-token-file', value: 'FILE' },
      help: 'holds the token for that cluster; else DFTFS_TO_TOKEN_FILE',
    },
    {
      ...{ name: 'to-token', value: 'TOKEN' },
      help: 'the token itself: others see it in ps; else DFTFS_TO_TOKEN',
    },
  ],
  details: [
    'A copy is made at once, whatever the size: it shares the bytes. Nothing is overwritten: exit code 3.',
    destinationSays,
    'With --to the bytes go through here, verified by checksum, and with them content type and metadata; times are new, and copies no longer share bytes. Repeat it with --skip-existing after an interruption.',
  ],
  examples: [
    { line: 'dftfs cp /a/photo.jpg /backup/', says: 'as /backup/photo.jpg' },
    { line: 'dftfs cp -r /a /b', says: '/a/x/y as /b/x/y' },
    { line: 'dftfs cp -r --to http://10.0.0.1:8080 / /', says: 'everything to another cluster' },
  ],
  run: (session) => (session.other === undefined ? copyWithin(session) : copyTo(session)),
};

export const mv: Verb = {
  name: 'mv',
  summary: 'rename files within the cluster',
  arguments: [remotes, { name: 'REMOTE', kind: 'remote' }],
  options: shared,
  details: [
    'Each file is renamed in one transaction; with -r they go one by one, and an interrupted move has moved some of them: repeat it.',
    destinationSays,
  ],
  examples: [{ line: "dftfs mv '/in/*.csv' /done/", says: 'all that match' }],
  run: (session) => {
    const { storage, signal } = session;
    return transfer(session, 'mv', ({ path }, to) => storage.move(path, to, { signal }));
  },
};

function copyWithin(session: Session): Promise<void> {
  const { storage, signal } = session;
  return transfer(session, 'cp', ({ path }, to) => storage.copy(path, to, { signal }));
}

async function copyTo(session: Session): Promise<void> {
  const { storage, other, signal, terminal, output } = session;
  if (other === undefined) throw new UsageError('--to names the other cluster.');
  const progress = new Progress(terminal, output);
  try {
    await transfer(session, 'cp', async ({ path, size }, to) => {
      const moved = progress.begin(path, size);
      let isDone = false;
      try {
        const info = await carryFile(storage, other, { path, to, signal, transfer: moved });
        isDone = true;
        return info;
      } finally {
        moved.ended(isDone);
      }
    });
    sayDone(output, progress);
  } finally {
    progress.end();
  }
}

type Step = (file: RemoteFile, to: string) => Promise<PutInfo>;

async function transfer(session: Session, verb: 'cp' | 'mv', step: Step): Promise<void> {
  const { options, output } = session;
  const sources = session.args.slice(0, -1);
  const how = expandingOf(session);
  const many = sources.length > 1 || (!how.literal && sources.some(isGlob));
  const destination = parseDestination(session.args.at(-1) ?? '', many);
  const staysHere = session.other === undefined;
  const files = async function* (source: string): AsyncGenerator<RemoteFile> {
    for await (const found of expandPattern(source, how)) {
      if (how.recursive && staysHere) refuseInside(found, destination);
      yield* filesAt(found, how);
    }
  };
  await runBatch(session, {
    things: eachOf(session, sources, files),
    nameOf: ({ path }) => path,
    run: async (file) => {
      const to = pathFor(file, destination);
      try {
        tell(session, verb, file.path, await step(file, to));
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
