/**
 * What `GET /-/cluster` answers: the cluster as one node sees it. The node's own answer is typed by
 * it, so that what reads it can't drift from what is said.
 */
export interface ClusterStatus {
  /** Who answers. */
  readonly node: string;
  readonly nodes: readonly ClusterNode[];
  /** How many volumes survive how many more losses. Negative: unreadable now. */
  readonly volumes: Readonly<Record<string, number>>;
  readonly protection: Protection;
  readonly repair: RepairEstimate;
  /** Missing: it can't be told now. */
  readonly garbage?: { readonly queued: number; readonly more: boolean } | undefined;
  readonly names: NamesStatus;
  /** The answering node's own. */
  readonly store?: unknown;
}

export interface ClusterNode {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly httpPort: number;
  readonly zone: string;
  readonly capacityBytes: number;
  /** The version that it runs; missing: from before it was said. */
  readonly release?: string | undefined;
  readonly draining: boolean;
  readonly live: boolean;
  /** It decides what one node has to decide for all. */
  readonly coordinates: boolean;
  /** Why it is avoided just now. */
  readonly suspected?: string;
  readonly slots: number;
  /** Missing, like what follows: the node gave no answer. */
  readonly disk?: DiskStatus;
  readonly answeredInMs?: number;
  /** Missing too where a node counts nothing. */
  readonly requests?: RequestCounts | undefined;
  /** By the duty's name. */
  readonly duties?: Readonly<Record<string, Progress>>;
}

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

/** Of files, by clients, since the process began: what system pages cost isn't in it. */
export interface RequestCounts {
  /** By the node's own clock: differences tell rates. */
  readonly atMs: number;
  readonly count: number;
  /** Answered with 4xx. */
  readonly refused: number;
  /** Answered with 5xx. */
  readonly failed: number;
  /** The client left before there was an answer. */
  readonly left: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** How many took so long and longer than the step before; the last has no end. */
  readonly durations: readonly DurationStep[];
}

export type DurationStep = readonly [upToMs: number | null, count: number];

export interface Amount {
  readonly volumes: number;
  readonly bytes: number;
}

export interface Filling {
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

export interface EtcdMember {
  readonly endpoint: string;
  readonly healthy: boolean;
  readonly leader?: boolean;
  readonly version?: string;
  readonly dbBytes?: number;
  readonly dbBytesInUse?: number;
}

export interface NamesStatus {
  readonly members: readonly EtcdMember[];
  /** Where operations on names are combined. */
  readonly combiner?: string | undefined;
  readonly upkeep: {
    readonly quotaBytes?: number | undefined;
    readonly alarms: readonly { readonly alarm: string }[];
    readonly missing: readonly string[];
  };
  /** After a restore, until it is released; missing: it can't be told now. */
  readonly collectionHeld?: boolean | undefined;
}
