/** `dftfs get`: from the cluster to here. */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LocalError, UsageError } from '../exit-codes.ts';
import { sizeText } from '../output/format.ts';
import { type Expanding, filesOf, type RemoteFile } from '../remote/expand.ts';
import { isGlob } from '../remote/glob.ts';
import type { Session } from '../session.ts';
import { eachOf, runBatch } from '../transfer/batch.ts';
import { downloadFile, downloadTo } from '../transfer/download.ts';
import { Progress } from '../transfer/progress.ts';
import { sayDone } from '../transfer/summary.ts';
import { literal, parallel, recursive, remotes, type Verb } from '../verb.ts';
import { expandingOf } from './expanding.ts';

export const get: Verb = {
  name: 'get',
  summary: 'fetch files of the cluster',
  arguments: [remotes, { name: 'LOCAL', kind: 'local' }],
  options: [
    recursive('everything below a path'),
    { name: 'skip-existing', help: 'leave local files that are there already' },
    literal,
    parallel,
  ],
  details: [
    'LOCAL is a folder if it ends in a slash, is one already, or there are several files; else it is the name itself. "-" is stdout. What is there is replaced when the new file is whole.',
    'An interrupted download leaves NAME.….part; the same command goes on from there if the file is still the same. The checksum of the whole is verified before it gets its name.',
  ],
  examples: [
    { line: 'dftfs get /pictures/photo.jpg .', says: 'as ./photo.jpg' },
    { line: 'dftfs get -r /pictures photos', says: '/pictures/a.jpg as photos/a.jpg' },
    { line: "dftfs get '/logs/2026-*.gz' logs/", says: 'all that match' },
    { line: 'dftfs get /backup/src.tar - | tar t', says: 'to stdout' },
  ],
  run: runGet,
};

interface LocalDestination {
  readonly path: string;
  readonly into: boolean;
}

async function runGet(session: Session): Promise<void> {
  const sources = session.args.slice(0, -1);
  const to = session.args.at(-1) ?? '';
  const how = expandingOf(session);
  const progress = new Progress(session.terminal, session.output);
  try {
    if (to === '-') await toStdout(session, sources, how, progress);
    else await toFiles(session, sources, how, await localDestination(to, sources, how), progress);
    sayDone(session.output, progress);
  } finally {
    progress.end();
  }
}

async function localDestination(
  text: string,
  sources: readonly string[],
  { literal: isLiteral }: Expanding,
): Promise<LocalDestination> {
  if (text === '') throw new UsageError('The local name is empty.');
  const many = sources.length > 1 || (!isLiteral && sources.some(isGlob));
  const isFolder = await stat(text).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
  return { path: text, into: many || isFolder || text.endsWith('/') };
}

async function toStdout(
  session: Session,
  sources: readonly string[],
  how: Expanding,
  progress: Progress,
): Promise<void> {
  const { storage, terminal, output, signal } = session;
  if (output.json) throw new UsageError('--json and stdout as destination exclude each other.');
  // A picture of progress would be in the midst of what is shown.
  if (terminal.stdout.columns !== undefined) progress.end();
  for await (const { path } of eachOf(session, sources, (source) => filesOf([source], how))) {
    const begin = (size: number) => progress.begin(path, size);
    await downloadTo(storage, path, terminal.stdout, begin, signal);
  }
}

async function toFiles(
  session: Session,
  sources: readonly string[],
  how: Expanding,
  to: LocalDestination,
  progress: Progress,
): Promise<void> {
  const { storage, options, output, signal } = session;
  const find = () => eachOf(session, sources, (source) => filesOf([source], how));
  void countAhead(sources, how, progress);
  await runBatch(session, {
    things: find(),
    nameOf: ({ path }) => path,
    run: async (file) => {
      const { path } = file;
      const target = localPathOf(file, to);
      if (options.flag('skip-existing') && (await isThere(target))) {
        output.done({ get: path, to: target, skipped: true }, `${target} is there already`);
        return;
      }
      const begin = (size: number) => progress.begin(path, file.size === undefined ? size : 0);
      const { info, resumedAt } = await downloadFile(storage, path, target, begin, signal);
      const resumed = resumedAt > 0 ? `, gone on from ${sizeText(resumedAt)}` : '';
      if (resumed) output.note(`${output.name(path)}${resumed}`);
      const { size, etag, crc32 } = info;
      output.fileDone(
        { get: path, to: target, size, etag, crc32, resumedAt },
        () => `${output.name(path)} -> ${output.name(target)}  ${sizeText(size)}`,
      );
    },
  });
}

/** Whatever a server says, nothing is written outside of the destination. */
function localPathOf({ inside, folder, path }: RemoteFile, to: LocalDestination): string {
  const names = folder === undefined ? [inside] : inside.split('/');
  const safe = names.every((name) => !['', '.', '..'].includes(name) && !name.includes('\0'));
  if (!safe) throw new LocalError(`${path} can't be the name of a local file.`);
  if (folder === undefined) return to.into ? join(to.path, basename(inside)) : to.path;
  return join(to.path, ...(to.into && folder !== '' ? [folder] : []), ...names);
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** How much there is to come, for whoever watches. What goes wrong is told elsewhere. */
async function countAhead(sources: readonly string[], how: Expanding, progress: Progress) {
  if (!progress.isSeen) return;
  let [files, bytes] = [0, 0];
  for (const source of sources) {
    try {
      for await (const { size = 0 } of filesOf([source], how)) {
        files += 1;
        bytes += size;
      }
    } catch {}
  }
  progress.expect(files, bytes);
}
