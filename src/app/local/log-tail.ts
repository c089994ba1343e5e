/** The end of a process's log, for a person who wants to know why it didn't start. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { logPath } from './manifest.ts';

const tailBytes = 4000;
const tailLines = 15;

export function logTail(data: string, name: string): string {
  const path = logPath(data, name);
  try {
    const lines = readTail(path).trim().split('\n').slice(-tailLines);
    return `Its log (${path}) ends:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  } catch {
    return `It has no log (${path}).`;
  }
}

function readTail(path: string): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const start = Math.max(0, size - tailBytes);
    const tail = Buffer.alloc(size - start);
    return tail.toString('utf8', 0, readSync(file, tail, 0, tail.length, start));
  } finally {
    closeSync(file);
  }
}
