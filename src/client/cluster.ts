/** What operators ask of a cluster: how it is, and what is to become of its nodes. */
import type { ClusterStatus } from './cluster-status.ts';
import { Connection, type ConnectionOptions, query, reading, writing } from './connection.ts';
import { UnavailableError } from './errors.ts';
import type { CallOptions } from './storage.ts';

export interface NodeAdvice {
  readonly id: string;
  readonly live: boolean;
  readonly draining: boolean;
  readonly zone: string;
  readonly slots: number;
  /** Null: it doesn't say. */
  readonly bytes: number | null;
  readonly capacityBytes: number;
  readonly safeToStop: boolean;
  readonly reason: string;
}

export interface TokenInfo {
  readonly id: string;
  readonly name: string;
  /** As `read,list:/photos`, or `admin`. */
  readonly grants: readonly string[];
  readonly created: string;
  readonly createdBy: string;
}

export interface CreatedToken {
  readonly id: string;
  readonly name: string;
  readonly grants: readonly string[];
  /** Shown this once. */
  readonly token: string;
}

export interface Probe {
  /** Undefined: it is ready to serve. */
  readonly notReady: string | undefined;
  /** By the server's clock, to the second. */
  readonly date: Date;
}

export class Cluster {
  readonly #connection: Connection;

  constructor(endpoints: readonly string[], options: Partial<ConnectionOptions> = {}) {
    this.#connection = new Connection(endpoints, options);
  }

  status({ signal }: CallOptions = {}): Promise<ClusterStatus> {
    return this.#connection.json(reading(undefined, '/-/cluster'), signal);
  }

  /** Whether one endpoint turns, and serves. */
  async probe({ signal }: CallOptions = {}): Promise<Probe> {
    const answer = await this.#connection.run(reading(undefined, '/-/health'), signal);
    answer.resume();
    const date = new Date(answer.headers.date ?? 0);
    try {
      await this.#connection.whole(reading(undefined, '/-/ready'), signal);
      return { notReady: undefined, date };
    } catch (error) {
      const isSaid = error instanceof UnavailableError && error.code === 'not_ready';
      if (isSaid) return { notReady: error.message, date };
      throw error;
    }
  }

  /** How the node is, and whether it can be stopped without harm. Throws StorageError. */
  node(id: string, { signal }: CallOptions = {}): Promise<NodeAdvice> {
    return this.#connection.json(reading(undefined, nodePage(id)), signal);
  }

  /** Moves everything off the node. Throws StorageError `drain_refused`. */
  drain(id: string, options: CallOptions = {}): Promise<NodeAdvice> {
    return this.#operate<NodeAdvice>(id, 'drain', options);
  }

  undrain(id: string, options: CallOptions = {}): Promise<NodeAdvice> {
    return this.#operate<NodeAdvice>(id, 'undrain', options);
  }

  /** Forgets a node that is stopped and holds nothing. Throws StorageError `removal_refused`. */
  async remove(id: string, options: CallOptions = {}): Promise<void> {
    await this.#operate(id, 'remove', options);
  }

  async tokens({ signal }: CallOptions = {}): Promise<readonly TokenInfo[]> {
    type Answer = { readonly tokens: readonly TokenInfo[] };
    return (await this.#connection.json<Answer>(reading(undefined, '/-/tokens'), signal)).tokens;
  }

  /** Tried once: two tokens would be one too many. Throws StorageError. */
  createToken(
    name: string,
    grants: readonly string[],
    { signal }: CallOptions = {},
  ): Promise<CreatedToken> {
    const target = `/-/tokens?${query({ name, grants: grants.join('\n') })}`;
    const asked = { ...writing('POST', undefined, target, {}), repeatable: false };
    return this.#connection.json<CreatedToken>(asked, signal);
  }

  /** Throws StorageError `token_not_found`, `last_admin`. */
  async revokeToken(id: string, { signal }: CallOptions = {}): Promise<void> {
    const target = `/-/tokens/${encodeURIComponent(id)}`;
    await this.#connection.whole(writing('DELETE', undefined, target, {}), signal);
  }

  /** Ends kept connections. */
  close(): void {
    this.#connection.close();
  }

  #operate<T>(id: string, action: string, { signal }: CallOptions): Promise<T> {
    return this.#connection.json<T>(
      writing('POST', undefined, `${nodePage(id)}/${action}`, {}),
      signal,
    );
  }
}

const nodePage = (id: string): string => `/-/nodes/${encodeURIComponent(id)}`;
