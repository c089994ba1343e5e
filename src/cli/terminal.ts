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
  /** Undefined: this is no machine of a cluster. */
  readonly machine?: MachineSide;
}

/** What takes more than a client. */
export interface MachineSide {
  prepare(options: PrepareOptions): Promise<Prepared>;
  readonly names: NamesSide;
  /** Rejects with what is wrong with the settings or with what they name. */
  checkNode(config: string): Promise<{ readonly id: string }>;
  /** The process runs the node from now on. */
  becomeNode(config: string): Promise<never>;
}

/** Names of a cluster that was prepared in a folder, and a file that keeps them. */
export interface NamesSide {
  backUp(folder: string, file: string): Promise<void>;
  restore(folder: string, file: string): Promise<KeptNames>;
  /** False: there was nothing to release. */
  release(folder: string): Promise<boolean>;
}

export interface KeptNames {
  readonly entries: number;
  readonly takenMs: number;
}

export interface PrepareOptions {
  readonly folder: string;
  /** Each `name=address`; those that are known needn't be given again. */
  readonly machines: readonly string[];
  /** On each machine; undefined: as it is, or two on a new one. */
  readonly nodes: number | undefined;
  /** All certificates are made anew; the authority stays. */
  readonly renew: boolean;
  /** Settings for names that are restored from a backup. */
  readonly newEra: boolean;
}

export interface Prepared {
  readonly ca: string;
  readonly adminToken: string;
  readonly machines: readonly PreparedMachine[];
}

export interface PreparedMachine {
  readonly name: string;
  /** To be copied there. */
  readonly folder: string;
  readonly nodes: readonly string[];
  readonly etcd: boolean;
  /** Where clients come in. */
  readonly endpoints: readonly string[];
  /** Files that were written now. */
  readonly written: number;
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
