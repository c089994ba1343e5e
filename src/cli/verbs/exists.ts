/** `dftfs exists` */
import { exitCodes } from '../exit-codes.ts';
import { filePath } from '../remote/remote-path.ts';
import type { Session } from '../session.ts';
import { eachOf } from '../transfer/batch.ts';
import { remotes, type Verb } from '../verb.ts';

export const exists: Verb = {
  name: 'exists',
  summary: 'ask whether a file is there',
  arguments: [remotes],
  options: [],
  details: [
    'The exit code is 0 if all of them are there, 1 if one is not, and something else if it cannot be known: never a guess. --quiet says nothing. Patterns are not looked at: a path is taken as it is.',
  ],
  examples: [{ line: 'dftfs exists -q /a || dftfs put a /a', says: 'in a script' }],
  run: runExists,
};

async function runExists(session: Session): Promise<void> {
  const { storage, args, output, signal } = session;
  const ask = async function* (text: string) {
    const path = filePath(text);
    yield { path, isThere: await storage.exists(path, { signal }) };
  };
  for await (const { path, isThere } of eachOf(session, args, ask)) {
    if (!isThere) output.answer(exitCodes.no.code);
    const text = args.length > 1 ? `${isThere}  ${output.name(path)}` : String(isThere);
    if (output.json || !output.quiet) output.result({ path, exists: isThere }, text);
  }
}
