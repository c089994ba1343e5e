/** Secrets are kept in files of their own, readable by their owner alone, and never shown. */
import { readFileSync, statSync } from 'node:fs';
import { DftfsError } from '#base/errors.ts';

const othersMayRead = 0o077;
const secretForm = /^[0-9a-f]{64}$/;

/** Throws invalid_argument, also for one that isn't its owner's alone. */
export function readPrivateFile(path: string, what: string): string {
  const refuse = (why: string, cause?: unknown) =>
    new DftfsError('invalid_argument', `the ${what} ${path} ${why}`, { cause });
  try {
    if ((statSync(path).mode & othersMayRead) === 0) return readFileSync(path, 'utf8');
  } catch (error) {
    throw refuse(`can't be read (${(error as NodeJS.ErrnoException).code})`, error);
  }
  throw refuse('can be read by others: chmod 600 it');
}

/**
 * The secret that nodes of one cluster know each other by: 32 bytes, in the file as 64 hex digits.
 */
export function readClusterSecret(path: string): Buffer {
  const content = readPrivateFile(path, 'cluster secret').trim();
  if (secretForm.test(content)) return Buffer.from(content, 'hex');
  throw new DftfsError('invalid_argument', `the cluster secret ${path} is not 64 hex digits`);
}
