/**
 * The frame of a program for the terminal: one line for what a person can mend, a stack for a bug.
 */
import { LaunchError } from './launch-error.ts';

export interface Terminal {
  readonly args: readonly string[];
  /** A line for people, on stderr. */
  readonly say: (line: string) => void;
  /** A line for programs, on stdout. */
  readonly print: (line: string) => void;
  /** Aborts on SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
}

export async function runProgram(run: (terminal: Terminal) => Promise<void> | void): Promise<void> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => interrupted.abort(new LaunchError(`interrupted by ${signal}`)));
  }
  try {
    await run({
      args: process.argv.slice(2),
      say: (line) => process.stderr.write(`${line}\n`),
      print: (line) => process.stdout.write(`${line}\n`),
      signal: interrupted.signal,
    });
  } catch (error) {
    const known = error instanceof LaunchError ? error : interrupted.signal.reason;
    const text = known instanceof LaunchError ? known.message : (error as Error).stack;
    process.stderr.write(`dftfs: ${text}\n`);
    process.exitCode = 1;
  }
}
