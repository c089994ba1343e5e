/**
 * Lines of a log, written at once. What can't be written is lost and counted, for a disk that is
 * full of logs is no reason to end.
 */
import { writeSync } from 'node:fs';

export type LineSink = (line: string) => void;

/** `onLost` is told after the first line that could be written again. */
export function lineSink(
  onLost: (lines: number) => void,
  write: (bytes: Uint8Array) => number = (bytes) => writeSync(process.stderr.fd, bytes),
): LineSink {
  let lost = 0;
  let isCut = false;
  const put = (line: string): boolean => {
    const bytes = Buffer.from(isCut ? `\n${line}` : line);
    let written = 0;
    try {
      while (written < bytes.length) {
        const taken = write(bytes.subarray(written));
        if (taken === 0) throw new Error('Nothing was taken.');
        written += taken;
      }
      isCut = false;
      return true;
    } catch {
      isCut ||= written > 0;
      return false;
    }
  };
  return (line) => {
    if (!put(line)) lost += 1;
    else if (lost > 0) {
      const lines = lost;
      lost = 0;
      onLost(lines);
    }
  };
}
