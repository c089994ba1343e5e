/** What a verb's run is given: its line, the cluster, and how to speak. */
import { Cluster, Storage } from '#client/index.ts';
import type { Options } from './line/options.ts';
import type { Output } from './output/output.ts';
import { checkedEndpoint, type Settings } from './settings.ts';
import type { Terminal } from './terminal.ts';

export interface SessionParts {
  readonly args: readonly string[];
  readonly options: Options;
  readonly settings: Settings;
  readonly output: Output;
  readonly terminal: Terminal;
}

export class Session {
  readonly args: readonly string[];
  readonly options: Options;
  readonly settings: Settings;
  readonly output: Output;
  readonly terminal: Terminal;
  #storage: Storage | undefined;
  #cluster: Cluster | undefined;
  #other: Storage | undefined;

  constructor(parts: SessionParts) {
    this.args = parts.args;
    this.options = parts.options;
    this.settings = parts.settings;
    this.output = parts.output;
    this.terminal = parts.terminal;
  }

  get signal(): AbortSignal {
    return this.terminal.signal;
  }

  get storage(): Storage {
    const { endpoints, token, ca } = this.settings;
    this.#storage ??= new Storage(endpoints, { token, ca });
    return this.#storage;
  }

  get cluster(): Cluster {
    const { endpoints, token, ca } = this.settings;
    this.#cluster ??= new Cluster(endpoints, { token, ca });
    return this.#cluster;
  }

  /** Of the cluster that `--to` names; undefined: none. Throws UsageError. */
  get other(): Storage | undefined {
    const endpoints = this.options.texts('to').map(checkedEndpoint);
    if (endpoints.length === 0) return undefined;
    const { otherToken: token, ca } = this.settings;
    this.#other ??= new Storage(endpoints, { token, ca });
    return this.#other;
  }

  close(): void {
    this.#other?.close();
    this.#storage?.close();
    this.#cluster?.close();
  }
}
