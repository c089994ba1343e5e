/** Runs a program to its end, that is until nobody holds its stdout any more. */
import { spawn } from 'node:child_process';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  /** What it has said so far. */
  readonly said: Readonly<Pick<Ended, 'stdout' | 'stderr'>>;
  readonly ended: Promise<Ended>;
}

export function runProgram(
  file: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  input?: string | Buffer,
): Running {
  const { NODE_TEST_CONTEXT: _own, ...inherited } = process.env;
  const child = spawn(file, args, { env: { ...inherited, ...environment } });
  const read = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      read[stream] += chunk;
    });
  }
  // Who ends without reading all of it is no failure of ours.
  child.stdin.on('error', () => {}).end(input);
  return {
    pid: child.pid as number,
    said: read,
    ended: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, ...read }));
    }),
  };
}
