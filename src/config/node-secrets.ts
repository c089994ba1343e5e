/** Secrets are kept in files of their own, readable by their owner alone, and never shown. */
import { readFileSync, statSync } from 'node:fs';
import { DftfsError } from '#base/errors.ts';

const othersMayRead = 0o077;
const secretForm = /^[0-9a-f]{64}$/;

/**
 * The secret that nodes of one cluster know each other by: 32 bytes, in the file as 64 hex digits.
 */
export function readClusterSecret(path: string): Buffer {
  const refuse = (why: string, cause?: unknown) =>
    new DftfsError('invalid_argument', `the cluster secret ${path} ${why}`, { cause });
  let content: string;
  try {
    if ((statSync(path).mode & othersMayRead) !== 0) {
      throw refuse('can be read by others: chmod 600 it');
    }
    content = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof DftfsError) throw error;
    throw refuse(`can't be read (${(error as NodeJS.ErrnoException).code})`, error);
  }
  if (!secretForm.test(content)) throw refuse('is not 64 hex digits');
  return Buffer.from(content, 'hex');
}
