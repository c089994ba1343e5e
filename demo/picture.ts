/** All that a frame shows, as plain data: what draws it knows nothing of clusters. */

export interface ShownProcess {
  readonly name: string;
  readonly state: 'running' | 'stopped' | 'dead';
  /** The member that leads the others. */
  readonly isLeader: boolean;
}

export type EventKind = 'kill' | 'stop' | 'return' | 'safe' | 'broken' | 'note';

export interface ShownEvent {
  readonly atMs: number;
  readonly kind: EventKind;
  readonly text: string;
}

/** What went on in one short span of time. */
export interface Moment {
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly failed: number;
  readonly cut: number;
  readonly mark: EventKind | undefined;
}

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

export interface Counts {
  readonly right: number;
  /** Broken connections whose process had just been killed or stopped. */
  readonly cut: number;
  /** No answer, or 5xx. */
  readonly failed: number;
  /** Answers that can't be true. */
  readonly wrong: number;
}

export interface Safety {
  /** Losses that a cluster of so many living nodes promises to survive. */
  readonly wanted: number;
  /** Volumes by the losses that they survive now. */
  readonly volumes: ReadonlyMap<number, number>;
  /** Bytes to be made anew or moved; undefined: all are where they should be. */
  readonly repair:
    | { readonly bytesLeft: number; readonly bytesPerSecond: number; readonly share: number }
    | undefined;
}

export interface Picture {
  readonly url: string;
  readonly phase: string;
  readonly elapsedMs: number;
  readonly nodes: readonly ShownProcess[];
  readonly etcd: readonly ShownProcess[];
  /** Oldest first. */
  readonly moments: readonly Moment[];
  readonly counts: Counts;
  /** Of the last seconds. */
  readonly now: { readonly perSecond: number } & Latency;
  readonly files: { readonly acknowledged: number; readonly bytes: number };
  /** Undefined: no node has told yet. */
  readonly safety: Safety | undefined;
  readonly events: readonly ShownEvent[];
}
