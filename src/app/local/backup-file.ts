/** A backup as a file: compressed lines, whole and on the disk or not there. */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { DftfsError } from '#base/errors.ts';
import type { BackupEnd, BackupHead } from '#namespace/backup/back-up.ts';
import { checkBackup } from '#namespace/backup/read-backup.ts';
import { LaunchError } from './launch-error.ts';

const lineCharactersMax = 1024 * 1024;
/** It names every file there is. */
const ownerOnly = 0o600;

export async function writeBackup(path: string, lines: AsyncIterable<string>): Promise<void> {
  if (existsSync(path)) throw new LaunchError(`${path} exists already: name another file`);
  const aside = `${path}.${process.pid}.new`;
  try {
    const file = createWriteStream(aside, { mode: ownerOnly, flush: true });
    await pipeline(Readable.from(lines), createGzip(), file);
    await rename(aside, path);
  } finally {
    await rm(aside, { force: true });
  }
  const folder = await open(dirname(path), 'r');
  await folder.sync().finally(() => folder.close());
}

/** To its end. Throws LaunchError unless it is whole, and of this cluster. */
export async function checkBackupFile(
  path: string,
  clusterId: string,
): Promise<BackupHead & BackupEnd> {
  const backup = await checkBackup(readLines(path)).catch((error: unknown) => {
    throw error instanceof DftfsError ? new LaunchError(`${path}: ${error.message}`) : error;
  });
  if (backup.clusterId === clusterId) return backup;
  throw new LaunchError(`${path} is of another cluster, whose files aren't on these disks`);
}

export async function* readLines(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const text = createGunzip();
  file.on('error', (error) => text.destroy(error));
  file.pipe(text);
  text.setEncoding('utf8');
  let rest = '';
  try {
    for await (const chunk of text) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > lineCharactersMax) throw new Error('a line is too long');
      yield* lines;
    }
  } catch (error) {
    throw new LaunchError(`${path} can't be read: ${(error as Error).message}`);
  } finally {
    file.destroy();
    text.destroy();
  }
}
