/** `dftfs du` */
import { PathNotFoundError } from '#client/index.ts';
import { countText, sizeText } from '../output/format.ts';
import { expandPattern, type Found, filesAt } from '../remote/expand.ts';
import { under } from '../remote/remote-path.ts';
import type { Session } from '../session.ts';
import { eachOf } from '../transfer/batch.ts';
import { literal, remotes, type Verb } from '../verb.ts';

export const du: Verb = {
  name: 'du',
  summary: 'add up the sizes of files',
  arguments: [{ ...remotes, optional: true }],
  options: [
    { name: 'depth', short: 'd', value: 'N', help: 'the folders down to this level too' },
    { name: 'bytes', short: 'b', help: 'sizes in bytes' },
    literal,
  ],
  details: [
    'The sizes are those of the files as they are read. Copies of a file share its bytes, and each byte is kept more than once: what disks hold is told by `cluster nodes`.',
  ],
  examples: [{ line: 'dftfs du -d 1 /', says: 'each folder in the root' }],
  run: runDiskUse,
};

export interface Sum {
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
}

async function runDiskUse(session: Session): Promise<void> {
  const { args, options, output } = session;
  const depth = options.count('depth', 0, 512, 0);
  const sources = args.length === 0 ? ['/'] : args;
  for await (const sum of eachOf(session, sources, (source) => sums(session, source, depth))) {
    const { path, files, bytes } = sum;
    const size = options.flag('bytes') ? String(bytes).padStart(15) : sizeText(bytes).padStart(8);
    output.result(
      sum,
      () => `${size}  ${countText(files, 'file').padStart(12)}  ${output.name(path)}`,
    );
  }
}

async function* sums(session: Session, text: string, depth: number): AsyncGenerator<Sum> {
  const { storage, options, signal } = session;
  const how = { storage, signal, literal: options.flag('literal'), recursive: true };
  for await (const found of expandPattern(text, how)) {
    yield* addUp(found.path, sizes(session, found, how), depth);
  }
}

interface Sized {
  /** From the folder on. */
  readonly inside: string;
  readonly size: number;
}

async function* sizes(
  { storage, signal }: Session,
  found: Found,
  how: Parameters<typeof filesAt>[1],
): AsyncGenerator<Sized> {
  for await (const { path, inside, size } of filesAt(found, how)) {
    const known = size ?? (await sizeOf(() => storage.stat(path, { signal })));
    yield { inside: path === found.path ? '' : inside, size: known };
  }
}

/** What has gone meanwhile has no size. */
const sizeOf = (ask: () => Promise<{ readonly size: number }>): Promise<number> =>
  ask().then(
    ({ size }) => size,
    (error: unknown) => {
      if (error instanceof PathNotFoundError) return 0;
      throw error;
    },
  );

/** Each folder after all that is in it, as `du` does: names come in order, a folder's in a row. */
export async function* addUp(
  top: string,
  files: AsyncIterable<Sized>,
  depth: number,
): AsyncGenerator<Sum> {
  const open: { name: string; files: number; bytes: number }[] = [{ name: '', files: 0, bytes: 0 }];
  const pathOf = (length: number) =>
    open.slice(1, length).reduce((path, { name }) => under(path, name), top);
  const closeTo = function* (length: number): Generator<Sum> {
    while (open.length > length) {
      const path = pathOf(open.length);
      const done = open.pop();
      const parent = open.at(-1);
      if (done === undefined) return;
      if (parent) {
        parent.files += done.files;
        parent.bytes += done.bytes;
      }
      yield { path, files: done.files, bytes: done.bytes };
    }
  };
  for await (const { inside, size } of files) {
    const folders = inside.split('/').slice(0, -1).slice(0, depth);
    const same = folders.findIndex((name, at) => open[at + 1]?.name !== name);
    yield* closeTo(1 + (same < 0 ? folders.length : same));
    for (const name of folders.slice(open.length - 1)) open.push({ name, files: 0, bytes: 0 });
    const inner = open.at(-1);
    if (inner) {
      inner.files += 1;
      inner.bytes += size;
    }
  }
  yield* closeTo(0);
}
