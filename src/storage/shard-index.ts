/**
 * The index finds a shard's record. It promises only that a commit is atomic and survives what the
 * machine survives; it is never the truth: it is behind the segments by what wasn't committed yet,
 * and can be rebuilt from them. So nothing waits for it before a write is acknowledged. An index
 * that finds itself damaged throws, whatever was asked.
 */
export interface ShardPlace {
  readonly segment: number;
  /** Where the record (its header) begins. */
  readonly offset: number;
  /** Bytes of the body. */
  readonly length: number;
}

/** Whether it is one and the same record. */
export const isSamePlace = (a: ShardPlace, b: ShardPlace | undefined): boolean =>
  a.segment === b?.segment && a.offset === b.offset;

/** Every record before it is in the index. */
export interface LogPosition {
  readonly segment: number;
  readonly offset: number;
}

/** What of a segment is alive; the rest of the file is what compaction can win back. */
export interface SegmentTally {
  readonly liveShards: number;
  readonly liveBytes: number;
  /** As liveBytes, headers included. */
  readonly liveRecordBytes: number;
}

export interface IndexEntry {
  readonly key: string;
  readonly place: ShardPlace;
}

export interface IndexBatch {
  /** By key; undefined removes it. */
  readonly changes: ReadonlyMap<string, ShardPlace | undefined>;
  /** The changed ones only; undefined removes it. */
  readonly tallies: ReadonlyMap<number, SegmentTally | undefined>;
  readonly position: LogPosition;
}

export interface ShardIndex {
  /** Undefined: nothing was ever committed. */
  readonly position: LogPosition | undefined;
  /** As of the last commit. */
  tallies(): Map<number, SegmentTally>;
  get(key: string): ShardPlace | undefined;
  /** Up to `limit` entries with keys that are greater than `after` and begin so, in order. */
  list(after: string | undefined, limit: number, prefix: string): IndexEntry[];
  /** All of it or nothing, durable when resolved. One at a time. */
  commit(batch: IndexBatch): Promise<void>;
  close(): Promise<void>;
}

export interface ShardIndexFactory {
  /**
   * Opens the index in the folder, made empty if there is none. `salt` tells one disk's from
   * another's.
   */
  open(folder: string, salt: number): Promise<ShardIndex>;
  /** Forgets it: the next `open` finds it empty. */
  discard(folder: string): Promise<void>;
}
