/** `dftfs tree` */
import type { ListEntry } from '#client/index.ts';
import { countText, sizeText } from '../output/format.ts';
import { listBelow } from '../remote/expand.ts';
import { anyPath, under } from '../remote/remote-path.ts';
import type { Session } from '../session.ts';
import { eachOf } from '../transfer/batch.ts';
import type { Verb } from '../verb.ts';

const depthMost = 512;

export const tree: Verb = {
  name: 'tree',
  summary: 'draw folders and what is in them',
  arguments: [{ name: 'REMOTE', kind: 'remote', optional: true }],
  options: [
    { name: 'depth', short: 'd', value: 'N', help: 'so many levels' },
    { name: 'sizes', short: 's', help: 'sizes of files too' },
  ],
  examples: [{ line: 'dftfs tree -d 2 /', says: 'the two upper levels' }],
  run: runTree,
};

interface Twig {
  readonly entry: ListEntry;
  readonly path: string;
  readonly indent: string;
  readonly isLast: boolean;
}

async function runTree(session: Session): Promise<void> {
  const { args, options, output } = session;
  const root = anyPath(args[0] ?? '/');
  const depth = options.count('depth', depthMost, depthMost);
  const count = { folder: 0, file: 0, bytes: 0 };
  let isBegun = false;
  for await (const twig of eachOf(session, [root], () => twigs(session, root, depth, ''))) {
    if (!isBegun && !output.json) output.print(output.name(root));
    isBegun = true;
    const { entry, path, indent, isLast } = twig;
    const { name, kind, size } = entry;
    count[kind] += 1;
    count.bytes += size ?? 0;
    output.result({ path, kind, size }, () => {
      const shown = output.name(name) + (kind === 'folder' ? '/' : '');
      const sized = options.flag('sizes') && size !== undefined ? `  ${sizeText(size)}` : '';
      const painted = kind === 'folder' ? output.paint('blue', shown) : shown;
      return `${indent}${isLast ? '└── ' : '├── '}${painted}${sized}`;
    });
  }
  const folders = countText(count.folder, 'folder');
  output.note(`${folders}, ${countText(count.file, 'file')}, ${sizeText(count.bytes)}`);
}

/** Folder by folder, one name ahead, so that the last of each is known as such. */
async function* twigs(
  session: Session,
  folder: string,
  depth: number,
  indent: string,
): AsyncGenerator<Twig> {
  if (depth === 0) return;
  for await (const [entry, isLast] of markingLast(listBelow(folder, false, session))) {
    const path = under(folder, entry.name);
    yield { entry, path, indent, isLast };
    if (entry.kind === 'folder') {
      yield* twigs(session, path, depth - 1, `${indent}${isLast ? '    ' : '│   '}`);
    }
  }
}

async function* markingLast<T>(things: AsyncIterable<T>): AsyncGenerator<[T, boolean]> {
  let held: { readonly thing: T } | undefined;
  for await (const thing of things) {
    if (held) yield [held.thing, false];
    held = { thing };
  }
  if (held) yield [held.thing, true];
}
