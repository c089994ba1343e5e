/** Where a token stands: itself, or in a file, which others cannot see as they see a command. */
import { readFile, stat } from 'node:fs/promises';
import { UsageError } from './exit-codes.ts';

export interface TokenSource {
  /** What gives it, for errors. */
  readonly names: string;
  readonly token: string | undefined;
  readonly file: string | undefined;
}

export interface FoundToken {
  readonly token: string | undefined;
  /** Something to be told to whoever runs this. */
  readonly warnings: readonly string[];
}

/** A file that holds more is none of a token. */
const fileBytesMax = 4096;

/** Of the first source that gives one. Throws UsageError. */
export async function findToken(sources: readonly TokenSource[]): Promise<FoundToken> {
  for (const { names, token, file } of sources) {
    if (token && file) throw new UsageError(`${names}: give one of them.`);
    if (token) return { token: checkedToken(token), warnings: [] };
    if (file) return readToken(file);
  }
  return { token: undefined, warnings: [] };
}

async function readToken(file: string): Promise<FoundToken> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UsageError(`${file} can't be read: ${error.message}`);
  });
  const token = text.trim();
  if (token === '' || text.length > fileBytesMax) throw new UsageError(`${file} holds no token.`);
  const found = await stat(file);
  const isOpen = found.isFile() && (found.mode & 0o077) !== 0;
  const warning = `${file} is a token and others may read it: chmod 600 it.`;
  return { token: checkedToken(token), warnings: isOpen ? [warning] : [] };
}

/** Never said, not even in an error. */
function checkedToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError('A token is printable ASCII without spaces.');
}
