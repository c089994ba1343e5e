/** Reads the lines of a backup; what isn't whole is refused as data_damaged. */
import { createHash } from 'node:crypto';
import { DftfsError } from '#base/errors.ts';
import type { BackupEnd, BackupEntry, BackupHead } from './back-up.ts';

export interface Backup {
  readonly head: BackupHead;
  /** Once. The end is checked when it is reached; what came before counts for nothing without. */
  readonly entries: AsyncGenerator<BackupEntry, BackupEnd>;
}

/** `lines`: without their line breaks. */
export async function readBackup(lines: AsyncIterable<string>): Promise<Backup> {
  const iterator = lines[Symbol.asyncIterator]();
  const first = await iterator.next();
  const head = first.done ? undefined : (parse(first.value) as Partial<BackupHead>);
  if (head?.format !== 1 || typeof head.clusterId !== 'string' || !isCount(head.era)) {
    throw damaged('it does not begin as one');
  }
  return { head: head as BackupHead, entries: readEntries(iterator) };
}

/** To its end, which it returns. */
export async function checkBackup(lines: AsyncIterable<string>): Promise<BackupHead & BackupEnd> {
  const { head, entries } = await readBackup(lines);
  for (;;) {
    const next = await entries.next();
    if (next.done) return { ...head, ...next.value };
  }
}

async function* readEntries(lines: AsyncIterator<string>): AsyncGenerator<BackupEntry, BackupEnd> {
  const digest = createHash('sha256');
  let entries = 0;
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const value = parse(line.value);
    if (!isEntry(value))
      return checkEnd(value as Partial<BackupEnd>, entries, digest.digest('hex'));
    digest.update(`${line.value}\n`);
    entries += 1;
    yield value;
  }
  throw damaged('its end is missing');
}

function checkEnd(end: Partial<BackupEnd>, entries: number, sha256: string): BackupEnd {
  if (end?.entries === entries && end.sha256 === sha256) return { entries, sha256 };
  throw damaged('its entries are not those that were written');
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw damaged('a line cannot be understood');
  }
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isEntry = (value: unknown): value is BackupEntry =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');

const damaged = (why: string): DftfsError =>
  new DftfsError('data_damaged', `The backup is damaged: ${why}.`);
