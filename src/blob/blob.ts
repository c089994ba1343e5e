/**
 * Bytes across nodes. A blob is an immutable run of bytes, cut into stripes of `stripeBytes`; each
 * stripe is k data and m parity shards on the members of a volume. This room never sees a path.
 *
 * Write: a stripe is done when every shard is durable on every member. On any failure the rest, the
 * unfinished window included, goes on in another volume. Read: k shards, data shards first; a
 * missing, corrupt or slow one is replaced by another and decoded.
 */
import type { BlobId, VolumeId } from '#base/ids.ts';
import type { KnownVolume } from '#cluster/cluster-map.ts';
import type { Extent } from '#protocol/volumes.ts';

export interface WrittenBlob {
  readonly blob: BlobId;
  readonly size: number;
  /** CRC-32 of the whole content. */
  readonly crc: number;
  readonly extents: readonly Extent[];
  /**
   * Each volume used, as known when the first stripe went there; the commit compares the revisions.
   */
  readonly volumes: readonly KnownVolume[];
  /** The session that the blob's id is of; the commit compares it. */
  readonly session: number;
}

export interface BlobSource {
  readonly blob: BlobId;
  readonly size: number;
  readonly crc: number;
  readonly extents: readonly Extent[];
}

export interface BlobWriter {
  /**
   * Takes all of `content` (bounded window: back-pressure is not asking for the next chunk).
   * Errors: too_few_nodes, no_space, session_lost, overloaded, canceled, and what `content` throws.
   */
  write(
    content: AsyncIterable<Buffer>,
    options: { readonly signal: AbortSignal },
  ): Promise<WrittenBlob>;
  /**
   * The blob has no name yet, and its volumes are `now` other ones than when it was written: has
   * their members fetch what they lack. Errors: volume_changed, canceled.
   */
  refill(
    written: WrittenBlob,
    now: ReadonlyMap<VolumeId, KnownVolume>,
    options: { readonly signal: AbortSignal },
  ): Promise<WrittenBlob>;
  /**
   * The blob has its name, or nobody goes on trying to give it one: the names tell what it is.
   */
  release(written: WrittenBlob): void;
  /**
   * The blob got no name and never will: deletes its shards in the background. Not to be called
   * while that isn't certain.
   */
  discard(written: WrittenBlob): void;
}

export interface BlobReader {
  /**
   * Bytes `start` up to, not including, `end`. Chunks as they come; all checked. A whole read is
   * also checked against the blob's CRC before the last chunk is given. Errors: data_unavailable,
   * data_damaged, canceled.
   */
  read(source: BlobSource, start: number, end: number, options: ReadOptions): AsyncIterable<Buffer>;
}

export interface ReadOptions {
  readonly signal: AbortSignal;
  /**
   * Asked when bytes can't be had: the blob that the same content lies in now, if it isn't this
   * one. The read goes on there.
   */
  readonly moved?: (blob: BlobId) => Promise<BlobSource | undefined>;
}
