/** `dftfs cat`: files to stdout, one after another. */
import { UsageError } from '../exit-codes.ts';
import { filesOf } from '../remote/expand.ts';
import type { Session } from '../session.ts';
import { eachOf } from '../transfer/batch.ts';
import { downloadTo } from '../transfer/download.ts';
import { literal, remotes, type Verb } from '../verb.ts';
import { expandingOf } from './expanding.ts';

const unseen = { moved: () => {}, ended: () => {} };

export const cat: Verb = {
  name: 'cat',
  summary: 'write files to stdout',
  arguments: [remotes],
  options: [literal],
  details: [
    'An interrupted download goes on at another endpoint. If the checksum is wrong at the end, the exit code is 5.',
  ],
  examples: [{ line: "dftfs cat '/logs/*.txt' | grep error", says: 'all that match, in order' }],
  run: runCat,
};

async function runCat(session: Session): Promise<void> {
  const { storage, args, terminal, output, signal } = session;
  if (output.json) throw new UsageError('cat writes the bytes as they are: no --json.');
  const how = expandingOf(session);
  const files = eachOf(session, args, (source) => filesOf([source], how));
  for await (const { path } of files) {
    try {
      await downloadTo(storage, path, terminal.stdout, () => unseen, signal);
    } catch (error) {
      signal.throwIfAborted();
      output.fail(error, path);
    }
  }
}
