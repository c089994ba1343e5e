/**
 * The queue of garbage, `g/<blob>`: blobs without a name whose shards are to be deleted. A blob in
 * it is dead for good. Its key was put by a transaction that saw no name, and none can come after:
 * a copy or a move needs a name to begin with, and a create that was tried before sees this key, or
 * finds its session over. So what a reader of the queue sees may be old, and is true all the same.
 */
import { type BlobId, sessionOfBlob, type VolumeId } from '#base/ids.ts';
import { isCollectionFree } from '#cluster/collection-hold.ts';
import {
  type CallOptions,
  type Compare,
  type Kv,
  type KvEntry,
  type NestedTxn,
  prefixEnd,
  prefixSpan,
} from '#kv/kv.ts';
import { backReferencePrefix, blobOfGarbageKey, garbageKey, prefixes } from '#protocol/keys.ts';
import { isAbsent, isEmptySpan, isUnchanged } from './ops/names.ts';
import { decodeGarbage, encodeGarbage, unlessDamaged } from './record-codec.ts';
import type { GarbageRecord } from './records.ts';

export interface QueuedBlob {
  readonly blob: BlobId;
  readonly record: GarbageRecord;
  /** modRevision of its key. */
  readonly revision: number;
}

export interface GarbagePage {
  readonly blobs: readonly QueuedBlob[];
  /** Keys of records that can't be understood. */
  readonly damaged: readonly string[];
  /** The kv's, when the page was read. */
  readonly revision: number;
  /** Where the next page begins; undefined: that was the last. */
  readonly next: string | undefined;
}

export interface Orphan {
  readonly blob: BlobId;
  /** Where shards of it were found. */
  readonly volume: VolumeId;
  /** Its writer lives, and has done with it. */
  readonly isSettled: boolean;
}

const queue = prefixSpan(prefixes.garbage);

export class GarbageQueue {
  readonly #kv: Pick<Kv, 'range' | 'txn'>;

  constructor(kv: Pick<Kv, 'range' | 'txn'>) {
    this.#kv = kv;
  }

  async page(from: string | undefined, limit: number, options: CallOptions): Promise<GarbagePage> {
    const span = { start: from ?? queue.start, end: queue.end, limit };
    const { entries, more, revision } = await this.#kv.range(span, options);
    const read = entries.map((entry) => ({ key: entry.key, queued: queuedBlob(entry) }));
    const last = entries.at(-1);
    return {
      blobs: read.flatMap(({ queued }) => queued ?? []),
      damaged: read.flatMap(({ key, queued }) => (queued === undefined ? key : [])),
      revision,
      next: more && last !== undefined ? `${last.key}\0` : undefined,
    };
  }

  /** Takes the blobs out, each if it stands as it was read. Returns those that went. */
  remove(blobs: readonly QueuedBlob[], options: CallOptions): Promise<readonly BlobId[]> {
    return this.#decide(blobs, options, ({ blob, revision }) => ({
      compare: [isUnchanged(garbageKey(blob), revision), hasNoName(blob)],
      then: [{ kind: 'delete', start: garbageKey(blob) }],
    }));
  }

  /** Puts the records in place of what was read, each if it still stands so. */
  update(blobs: readonly QueuedBlob[], options: CallOptions): Promise<readonly BlobId[]> {
    return this.#decide(blobs, options, ({ blob, revision, record }) => ({
      compare: [isUnchanged(garbageKey(blob), revision), hasNoName(blob)],
      then: [{ kind: 'put', key: garbageKey(blob), value: encodeGarbage(record) }],
    }));
  }

  /**
   * Queues those blobs that have no name and can't get one any more. Returns them.
   *
   * That a blob is old proves nothing: its upload may have been paused, the outcome of its create
   * unknown, the transaction still on its way. But its id tells the session it was written in, a
   * create asks in its transaction that this very session lives, and a session that is over never
   * comes back, since no revision is given twice. So this transaction asks that none of all the
   * liveness keys is of that session: whichever of the two is first in the engine's log, the other
   * one fails. Nothing of this needs asking when the writer itself has done with the blob: a late
   * try of its create finds the key that is put here.
   */
  add(orphans: readonly Orphan[], options: CallOptions): Promise<readonly BlobId[]> {
    return this.#decide(orphans, options, ({ blob, volume, isSettled }) => ({
      compare: [
        hasNoName(blob),
        isAbsent(garbageKey(blob)),
        ...(isSettled ? [] : [isOver(sessionOfBlob(blob))]),
      ],
      then: [
        {
          kind: 'put',
          key: garbageKey(blob),
          value: encodeGarbage({ size: 0, extents: [{ volume, first: 0, count: 1 }] }),
        },
      ],
    }));
  }

  /**
   * One transaction, in which each item is decided by itself, and nothing happens while collection
   * is on hold. Returns the blobs it happened to.
   */
  async #decide<T extends { readonly blob: BlobId }>(
    items: readonly T[],
    options: CallOptions,
    decision: (item: T) => Pick<NestedTxn, 'compare' | 'then'>,
  ): Promise<readonly BlobId[]> {
    if (items.length === 0) return [];
    const then = items.map((item): NestedTxn => ({ kind: 'txn', ...decision(item), else: [] }));
    const { succeeded, results } = await this.#kv.txn(
      { compare: [isCollectionFree], then, else: [] },
      options,
    );
    if (!succeeded) return [];
    return items.flatMap(({ blob }, index) => {
      const result = results[index];
      return result?.kind === 'txn' && result.succeeded ? blob : [];
    });
  }
}

function queuedBlob({ key, value, modRevision }: KvEntry): QueuedBlob | undefined {
  const record = unlessDamaged(() => decodeGarbage(value));
  return record && { blob: blobOfGarbageKey(key), record, revision: modRevision };
}

function hasNoName(blob: BlobId): Compare {
  const references = backReferencePrefix(blob);
  return isEmptySpan(references, prefixEnd(references));
}

/** Holds if it does for every liveness key, and if there is none. */
const isOver = (session: number): Compare => ({
  ...prefixSpan(prefixes.liveness),
  field: 'create',
  relation: '!=',
  value: session,
});
