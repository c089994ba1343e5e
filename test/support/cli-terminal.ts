/** A command run in this process, with a terminal that isn't one, or a made-up one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { runCommand } from '#cli/run.ts';
import type { Channel, MachineSide, StartDev, Terminal } from '#cli/terminal.ts';

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Buffer;
}

export interface TerminalShape {
  readonly endpoints?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string | Buffer;
  /** Undefined: a pipe. */
  readonly columns?: number;
  readonly signal?: AbortSignal;
  readonly startDev?: StartDev;
  readonly machine?: MachineSide;
  /** They see what goes to stdout and to stderr, as it goes. */
  readonly said?: (text: string) => void;
  readonly heard?: (text: string) => void;
}

export type Run = (words: readonly string[], shape?: TerminalShape) => Promise<Ran>;

export async function runIn(words: readonly string[], shape: TerminalShape = {}): Promise<Ran> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const channel = (chunks: Buffer[], heard?: (text: string) => void): Channel => ({
    columns: shape.columns,
    write: (text) => {
      chunks.push(Buffer.from(text as string));
      heard?.(text.toString());
      return true;
    },
    once: () => {},
    off: () => {},
  });
  const terminal: Terminal = {
    stdin: Readable.from(shape.stdin === undefined ? [] : [Buffer.from(shape.stdin as string)]),
    stdout: channel(out, shape.said),
    stderr: channel(err, shape.heard),
    environment: {
      // Nobody's own settings play a part.
      HOME: '/nonexistent',
      ...(shape.endpoints ? { DFTFS_ENDPOINT: shape.endpoints.join(',') } : {}),
      ...shape.environment,
    },
    signal: shape.signal ?? new AbortController().signal,
    ...(shape.startDev ? { startDev: shape.startDev } : {}),
    ...(shape.machine ? { machine: shape.machine } : {}),
  };
  const exit = await runCommand(words, terminal);
  const bytes = Buffer.concat(out);
  return { exit, bytes, stdout: bytes.toString(), stderr: Buffer.concat(err).toString() };
}

/** At one endpoint. */
export const runnerAt =
  (url: string): Run =>
  (words, shape) =>
    runIn(words, { endpoints: [url], ...shape });

export async function temporaryFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dftfs-cli-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Lines of JSON. */
export const objectsOf = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
