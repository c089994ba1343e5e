/** The process's surroundings, as far as commands use them; tests hand in their own. */
import type { Readable } from 'node:stream';

export interface Channel {
  /** Undefined: it isn't a terminal. */
  readonly columns: number | undefined;
  write(text: string | Uint8Array): boolean;
  once(event: 'drain' | 'close', run: () => void): unknown;
  off(event: 'drain' | 'close', run: () => void): unknown;
}

export interface Terminal {
  readonly stdin: Readable;
  readonly stdout: Channel;
  readonly stderr: Channel;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborts, with an InterruptedError, when the command is to end. */
  readonly signal: AbortSignal;
  /** Starts a storage in this process; undefined: there is none to start. */
  readonly startDev?: StartDev;
}

export interface DevOptions {
  readonly folder: string;
  /** 0: a free one. */
  readonly port: number;
  /** Lines of its log. */
  readonly log: (line: string) => void;
}

export type StartDev = (
  options: DevOptions,
) => Promise<{ readonly url: string; close(): Promise<void> }>;

/** Waits when the reader is slower; an interruption ends the wait. */
export async function writeAll(channel: Channel, bytes: Uint8Array, signal: AbortSignal) {
  signal.throwIfAborted();
  if (channel.write(bytes)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      channel.off('drain', done);
      channel.off('close', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    channel.once('drain', done);
    channel.once('close', done);
    signal.addEventListener('abort', done, { once: true });
  });
  signal.throwIfAborted();
}
