/**
 * One node's disk. Shards live in append-only segment files as self-describing records (blob,
 * stripe, slot, length, CRCs); an LMDB index finds them and can be rebuilt from the segments at any
 * time. A write is acknowledged only when its record is on the disk; many share one fdatasync.
 * Recovery truncates a torn tail and nothing else. Compaction, step by step as its owner asks,
 * gives the space of deleted shards back. A failed sync fences the store for good: what
 * the kernel dropped can't be known, so nothing more is acknowledged (`store_fenced`).
 */
import type { HeldShard, ShardKey, ShardReader, ShardWriter } from '#protocol/shards.ts';
import type { CompactionStats, CompactionStep } from './compaction.ts';
import type { DiskIdentity } from './superblock.ts';

export interface ShardStoreStats {
  readonly diskId: string;
  readonly shards: number;
  /** Bytes of live shards. */
  readonly liveBytes: number;
  /** Bytes of all segment files. */
  readonly segmentBytes: number;
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Why nothing more is written, if so. */
  readonly fenced: string | undefined;
  readonly full: boolean;
  /** The longest operation of the disk: under way, or ended in the last 10 s. */
  readonly slowestMs: number;
  /** Damaged records found since the store was opened, by recovery and by reads. */
  readonly corrupt: number;
  /** Reads since then that the disk answered with an error. */
  readonly failedReads: number;
  /** Shards known to be damaged now. */
  readonly damaged: number;
  /** What compaction could win back. */
  readonly deadBytes: number;
  readonly compaction: CompactionStats;
}

export type ShardState = 'sound' | 'damaged' | 'missing';

export type ListWithin = Pick<ShardKey, 'volume'> & Partial<Pick<ShardKey, 'blob'>>;

export interface ShardStore extends ShardReader, ShardWriter, DiskIdentity {
  /** Takes the disk a generation on, and returns it; durable when resolved. One at a time. */
  advance(): Promise<number>;
  /**
   * Errors: shard_missing, shard_corrupt, invalid_argument (not within the shard), overloaded.
   * Every byte returned was checked against its CRC.
   */
  read: ShardReader['read'];
  /**
   * Errors: store_full, store_fenced, overloaded, shard_corrupt (body and crc differ),
   * invalid_argument (the shard is there with other bytes). The body must not change until it
   * resolves.
   */
  write: ShardWriter['write'];
  /**
   * From the call on, the store neither has nor lists them. What is written of them meanwhile comes
   * after their deletion.
   */
  delete(keys: readonly ShardKey[]): Promise<void>;
  has(key: ShardKey): boolean;
  /**
   * Up to `limit` shards after `after` in the order of keys: a page of what this node holds, or of
   * that within a volume, or within a blob in it.
   */
  list(after: ShardKey | undefined, limit: number, within?: ListWithin): HeldShard[];
  /** Reads all of the shard off the disk. Errors: overloaded. */
  verify(key: ShardKey): Promise<ShardState>;
  /** Up to 10,000 shards that were found damaged and neither written anew nor deleted since. */
  damaged(): HeldShard[];
  /** One bounded piece of giving the space of deleted shards back. */
  compactStep(signal: AbortSignal): Promise<CompactionStep>;
  stats(): Promise<ShardStoreStats>;
  close(): Promise<void>;
}
