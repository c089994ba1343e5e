/** What stands under `f/` and `g/`. */
import type { BlobId, NodeId } from '#base/ids.ts';
import type { Extent } from '#protocol/volumes.ts';

export interface FileRecord {
  /** Bytes. */
  readonly size: number;
  readonly contentType: string;
  /** Client-given, names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch, by the writer's clock: for showing only. */
  readonly modifiedMs: number;
  readonly blob: BlobId;
  /**
   * The blob that the content was in at first, if it has been moved to another since: what stays
   * the same as long as the bytes do.
   */
  readonly content?: BlobId;
  /** CRC-32 of the whole content. */
  readonly crc: number;
  readonly extents: readonly Extent[];
  /**
   * Identifies the operation that made this name: the client's Idempotency-Key, else the operation
   * id.
   */
  readonly request: string;
}

/** Equal for two names: they have the same bytes. */
export const contentOf = ({ blob, content }: Pick<FileRecord, 'blob' | 'content'>): BlobId =>
  content ?? blob;

/** A file record as read: the path and the revision it stands at (its strong identity). */
export interface FileEntry {
  readonly path: string;
  readonly record: FileRecord;
  /** modRevision of its key. */
  readonly revision: number;
}

export interface GarbageRecord {
  /** Bytes; 0 when nobody knows any more. */
  readonly size: number;
  readonly extents: readonly Extent[];
  /**
   * Who has not confirmed yet that its shards are deleted. Undefined: nobody was asked yet. None:
   * all have, and the key stays a while longer.
   */
  readonly awaited?: readonly NodeId[];
  /** The content lies in another blob now: reads that are under way find it there. */
  readonly isMoved?: boolean;
}
