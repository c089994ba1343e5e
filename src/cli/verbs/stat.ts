/** `dftfs stat` */
import type { FileStat } from '#client/index.ts';
import { aligned, paired } from '../output/columns.ts';
import { sizeText, timeText } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import { filesOf } from '../remote/expand.ts';
import type { Session } from '../session.ts';
import { eachOf } from '../transfer/batch.ts';
import { literal, remotes, type Verb } from '../verb.ts';
import { expandingOf } from './expanding.ts';

export const stat: Verb = {
  name: 'stat',
  summary: 'tell all about a file: where its bytes are, how many losses it survives',
  arguments: [remotes],
  options: [literal],
  examples: [
    { line: 'dftfs stat /a/b.txt', says: 'for people' },
    { line: 'dftfs stat --json /a/b.txt | jq .lossesSurvivable', says: 'for programs' },
  ],
  run: runStat,
};

async function runStat(session: Session): Promise<void> {
  const { storage, args, output, signal } = session;
  const how = expandingOf(session);
  for await (const { path } of eachOf(session, args, (source) => filesOf([source], how))) {
    try {
      const found = await storage.stat(path, { signal });
      output.result(found, () => describe(found, output));
    } catch (error) {
      signal.throwIfAborted();
      output.fail(error, path);
    }
  }
}

function describe(file: FileStat, output: Output): string {
  const { path, size, contentType, modified, etag, crc32, lossesSurvivable, metadata } = file;
  const losses = String(lossesSurvivable);
  const facts: (readonly [string, string])[] = [
    ['path', output.name(path)],
    ['size', `${sizeText(size)} (${size.toLocaleString('en')} bytes)`],
    ['type', output.name(contentType)],
    ['modified', `${timeText(modified)} UTC`],
    ['etag', etag],
    ['crc32', crc32],
    ['survives', `${lossesSurvivable < 1 ? output.paint('red', losses) : losses} more losses`],
    ...Object.entries(metadata).map(([name, value]) => [`meta ${name}`, value] as const),
  ];
  return `${paired(facts)}\n${extents(file, output)}`;
}

function extents(file: FileStat, output: Output): string {
  const rows = file.extents.map(({ volume, firstStripe, stripes, k, m, members }) => {
    const nodes = members.map(({ node, live }) => (live ? node : output.paint('red', `${node}!`)));
    const code = k === 1 ? `${m + 1} copies` : `${k}+${m}`;
    return [volume, `${firstStripe}-${firstStripe + stripes - 1}`, code, nodes.join(' ')];
  });
  if (rows.length === 0) return 'It has no bytes.\n';
  const titles = ['volume', 'stripes', 'code', 'nodes (!: dead)'].map((title) => ({ title }));
  return `\n${aligned(titles, rows, (text) => output.paint('bold', text))}\n`;
}
