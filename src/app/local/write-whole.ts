/** Small files of the launcher: whole and on the disk, or not there. */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';

/** Synchronous, so that nothing comes between the start of a process and its record. */
export function writeWholeSync(path: string, content: string, mode: number): void {
  const aside = `${path}.${process.pid}.new`;
  const file = openSync(aside, 'w', mode);
  try {
    writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(aside, path);
}
