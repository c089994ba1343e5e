/** What operators ask of a cluster: how it is, and what is to become of its nodes. */
import { Connection, type ConnectionOptions, reading, writing } from './connection.ts';
import { UnavailableError } from './errors.ts';
import type { CallOptions } from './storage.ts';

export type Progress = Readonly<Record<string, unknown>>;

export interface DiskStatus {
  readonly diskId: string;
  readonly standing: string | null;
  readonly liveBytes: number;
  readonly segmentBytes: number;
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly full: boolean;
  readonly fenced: string | null;
  readonly slowestMs: number;
  readonly damaged: number;
}

export interface ClusterNode {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly httpPort: number;
  readonly zone: string;
  readonly capacityBytes: number;
  readonly draining: boolean;
  readonly live: boolean;
  /** Why it is avoided just now. */
  readonly suspected?: string;
  readonly slots: number;
  /** Missing, like what follows: the node gave no answer. */
  readonly disk?: DiskStatus;
  readonly answeredInMs?: number;
  /** By the duty's name. */
  readonly duties?: Readonly<Record<string, Progress>>;
}

export interface EtcdMember {
  readonly endpoint: string;
  readonly healthy: boolean;
  readonly leader?: boolean;
  readonly version?: string;
  readonly dbBytes?: number;
  readonly dbBytesInUse?: number;
}

interface Amount {
  readonly volumes: number;
  readonly bytes: number;
}

interface Filling {
  readonly slots: number;
  readonly bytesLeft: number;
}

export interface Protection {
  /** Losses that can be promised to be survived with the nodes that live now. */
  readonly wantedMargin: number;
  readonly all: Amount;
  readonly underProtected: Amount;
  readonly withoutMargin: Amount;
  readonly unreadable: Amount;
  readonly rebuilding: Filling;
  readonly moving: Filling;
}

export interface RepairEstimate {
  readonly bytesLeft: number;
  readonly bytesPerSecond: number;
  /** Null: nothing was rebuilt lately, so nobody knows. */
  readonly secondsLeft: number | null;
}

export interface NamesStatus {
  readonly members: readonly EtcdMember[];
  readonly combiner?: string;
  readonly upkeep: {
    readonly quotaBytes?: number;
    readonly alarms: readonly { readonly alarm: string }[];
    readonly missing: readonly string[];
  };
  /** After a restore, until it is released; missing: it can't be told now. */
  readonly collectionHeld?: boolean;
}

/** What one node sees. */
export interface ClusterStatus {
  readonly node: string;
  readonly nodes: readonly ClusterNode[];
  /** How many volumes survive how many more losses. */
  readonly volumes: Readonly<Record<string, number>>;
  readonly protection: Protection;
  readonly repair: RepairEstimate;
  readonly garbage?: { readonly queued: number; readonly more: boolean };
  readonly names: NamesStatus;
}

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
