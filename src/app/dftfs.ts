#!/usr/bin/env node
/** The program behind `dftfs`. */
import { exitCodes, InterruptedError } from '#cli/exit-codes.ts';
import { runCommand } from '#cli/run.ts';
import type { Channel } from '#cli/terminal.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Once: who asks a second time doesn't want to wait for an orderly end.
  process.once(signal, () => interrupted.abort(new InterruptedError(`interrupted by ${signal}`)));
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.unread.code);
});

// Nobody listens any more, and what is done is done.
process.stderr.on('error', () => {});

const machineSide = async () => (await import('./machine-side.ts')).machineSide;

const channel = (stream: NodeJS.WriteStream): Channel => ({
  get columns() {
    return stream.isTTY ? stream.columns || 80 : undefined;
  },
  write: (text) => stream.write(text),
  once: (event, run) => stream.once(event, run),
  off: (event, run) => stream.off(event, run),
});

process.exitCode = await runCommand(process.argv.slice(2), {
  get stdin() {
    return process.stdin;
  },
  stdout: channel(process.stdout),
  stderr: channel(process.stderr),
  environment: process.env,
  signal: interrupted.signal,
  // A server's code is loaded only where one is wanted.
  startDev: async ({ port, ...options }) =>
    (await import('./dev/dev-server.ts')).startDevServer({ ...options, port: port || undefined }),
  machine: {
    prepare: async (options) => (await machineSide()).prepare(options),
    names: {
      backUp: async (folder, file) => (await machineSide()).names.backUp(folder, file),
      restore: async (folder, file) => (await machineSide()).names.restore(folder, file),
      release: async (folder) => (await machineSide()).names.release(folder),
    },
    checkNode: async (config) => (await machineSide()).checkNode(config),
    becomeNode: async (config) => (await machineSide()).becomeNode(config),
  },
});
// Somebody may still hold its other end; there is nothing more to read.
process.stdin.destroy();
