/**
 * How an operation on names reaches the kv. Reads and writes are combined, with those of other
 * nodes, into shared transactions when that is quicker, and go directly when it isn't. Whichever
 * way and however often it was tried, a write happens at most once, and what is reported is what
 * happened.
 */
import type { OperationId } from '#base/ids.ts';
import type { Compare, RangeOp, RangeResult, Txn, TxnResult } from '#kv/kv.ts';

export interface WriteRequest {
  /** New for every call of `write`. */
  readonly operation: OperationId;
  /** No nested transactions; writes only in `then`, ranges only in `else`. */
  readonly txn: Txn;
  /**
   * 'always': leaves `o/<operation>` behind. 'direct': only when it didn't go through the combiner;
   * then `traces` must say how else one sees that it was applied: compares that all hold until it
   * is.
   */
  readonly marker: 'always' | 'direct';
  readonly traces?: readonly Compare[];
  /** It takes away more than it puts: it goes on when the kv has no space left. */
  readonly frees?: true;
}

export type WriteResult =
  | (TxnResult & { readonly earlier: false })
  /** An earlier try of this same operation was applied: success, without results. */
  | { readonly earlier: true };

export interface CommitOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface Committer {
  /** All ranges at one revision, linearizable. */
  read(ranges: readonly RangeOp[], options: CommitOptions): Promise<readonly RangeResult[]>;
  /** Errors: names_unavailable (outcome none), names_full, outcome_unknown. */
  write(request: WriteRequest, options: CommitOptions): Promise<WriteResult>;
}
