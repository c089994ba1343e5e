/** `dftfs put`: from here to the cluster. */
import { stat } from 'node:fs/promises';
import mime from 'mime/lite';
import { PathExistsError, type PutInfo, type PutOptions } from '#client/index.ts';
import { UsageError } from '../exit-codes.ts';
import { sizeText } from '../output/format.ts';
import { type Destination, parseDestination, targetOf, under } from '../remote/remote-path.ts';
import type { Session } from '../session.ts';
import { eachOf, runBatch } from '../transfer/batch.ts';
import { type LocalFile, localFiles } from '../transfer/local-tree.ts';
import { Progress } from '../transfer/progress.ts';
import { sayDone } from '../transfer/summary.ts';
import { uploadFile, uploadStream } from '../transfer/upload.ts';
import { parallel, recursive, type Verb } from '../verb.ts';

export const put: Verb = {
  name: 'put',
  summary: 'store local files, or stdin, in the cluster',
  arguments: [
    { name: 'LOCAL', kind: 'local', many: true },
    { name: 'REMOTE', kind: 'remote' },
  ],
  options: [
    recursive('folders with all that is in them'),
    { name: 'skip-existing', help: 'a path that is taken already is no failure' },
    { name: 'content-type', value: 'TYPE', help: 'default: by the name of the file' },
    {
      name: 'meta',
      short: 'm',
      value: 'NAME=VALUE',
      many: true,
      help: 'something to keep with it',
    },
    parallel,
  ],
  details: [
    'A file is never overwritten: where something is already, the answer is exit code 3.',
    'With a slash at its end, or with several files, REMOTE is a folder to put them into; else it is the name itself.',
    'What arrived is verified by checksum. A put of a file is tried again at another endpoint when one dies; one of stdin cannot be.',
  ],
  examples: [
    { line: 'dftfs put photo.jpg /pictures/', says: 'as /pictures/photo.jpg' },
    { line: 'dftfs put -r photos /pictures', says: 'photos/a.jpg as /pictures/a.jpg' },
    { line: 'tar c src | dftfs put - /backup/src.tar', says: 'what comes on stdin' },
    {
      line: 'dftfs put -r --skip-existing photos /pictures',
      says: 'goes on after an interruption',
    },
  ],
  run: runPut,
};

async function runPut(session: Session): Promise<void> {
  const sources = session.args.slice(0, -1);
  const isStdin = sources.includes('-');
  if (isStdin && sources.length > 1) throw new UsageError('stdin (-) goes alone.');
  const destination = parseDestination(session.args.at(-1) ?? '', sources.length > 1);
  const progress = new Progress(session.terminal, session.output);
  try {
    if (isStdin) await putStdin(session, destination, progress);
    else await putFiles(session, sources, destination, progress);
  } finally {
    progress.end();
  }
}

async function putStdin(session: Session, to: Destination, progress: Progress): Promise<void> {
  if (to.into) throw new UsageError('Give what comes on stdin a name: the path of a file.');
  const { storage, terminal, output } = session;
  const transfer = progress.begin(to.path, undefined);
  progress.expect(1, 0);
  const options = putOptions(session, to.path);
  const info = await uploadStream(storage, terminal.stdin, to.path, transfer, options);
  transfer.ended(true);
  tell(session, '-', info);
  sayDone(output, progress);
}

async function putFiles(
  session: Session,
  sources: readonly string[],
  destination: Destination,
  progress: Progress,
): Promise<void> {
  const { storage, options, output } = session;
  const walk = { recursive: options.flag('recursive') };
  const files = (skipped: (path: string, why: string) => void) =>
    eachOf(session, sources, (source) => localFiles(source, { ...walk, skipped }));
  void countAhead(sources, walk, progress);
  await runBatch(session, {
    things: files((path, why) => output.warn(`${path} is passed over: ${why}`)),
    nameOf: ({ path }) => path,
    run: async (file) => {
      const path = remotePathOf(file, destination);
      const transfer = progress.begin(file.path, 0);
      let isDone = false;
      try {
        const given = putOptions(session, path);
        const info = await uploadFile(storage, file.path, path, transfer, given);
        isDone = true;
        tell(session, file.path, info);
      } catch (error) {
        if (!(error instanceof PathExistsError) || !options.flag('skip-existing')) throw error;
        output.done({ put: path, skipped: true }, `${output.name(path)} is there already`);
      } finally {
        transfer.ended(isDone);
      }
    },
  });
  sayDone(output, progress);
}

function remotePathOf({ inside, folder }: LocalFile, to: Destination): string {
  if (folder === undefined) return targetOf(to, inside);
  return under(targetOf(to, folder), inside);
}

/** How much there is to come, for whoever watches. What goes wrong is told elsewhere. */
async function countAhead(
  sources: readonly string[],
  { recursive: deep }: { readonly recursive: boolean },
  progress: Progress,
): Promise<void> {
  if (!progress.isSeen) return;
  let [files, bytes] = [0, 0];
  for (const source of sources) {
    try {
      for await (const { path } of localFiles(source, { recursive: deep, skipped: () => {} })) {
        files += 1;
        bytes += (await stat(path)).size;
      }
    } catch {}
  }
  progress.expect(files, bytes);
}

function putOptions({ options, signal }: Session, path: string): PutOptions {
  const metadata = Object.fromEntries(options.texts('meta').map(pairOf));
  const contentType = options.text('content-type') ?? mime.getType(path);
  return { metadata, signal, ...(contentType ? { contentType } : {}) };
}

function pairOf(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at > 0 && /^[A-Za-z0-9_-]+$/.test(text.slice(0, at))) {
    return [text.slice(0, at).toLowerCase(), text.slice(at + 1)];
  }
  throw new UsageError(`--meta takes NAME=VALUE, not ${JSON.stringify(text)}.`);
}

function tell({ output }: Session, from: string, { path, size, etag, crc32 }: PutInfo): void {
  output.fileDone(
    { put: path, from, size, etag, crc32 },
    () => `${output.name(from)} -> ${output.name(path)}  ${sizeText(size)}`,
  );
}
