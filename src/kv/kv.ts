/**
 * The wall between DFTFS and the engine that keeps its names: a linearizable, transactional, sorted
 * map of keys to small values. Keys are UTF-8 text, ordered by bytes; values are bytes. Revisions
 * are safe integers that grow by one with every transaction that writes, and never come twice in a
 * cluster's life (`eras.ts`).
 *
 * Safety may rest only on the result of `txn` with a write in it. A read can be stale on a buggy
 * engine, a watch can miss or repeat, a lease can end early or late: all three are hints.
 *
 * Errors: `names_unavailable` (nothing happened), `outcome_unknown` (a write may have happened or
 * may yet happen), `names_full` (refused for space; outcome 'maybe'). A driver never retries a
 * write by itself once it may have reached the engine.
 *
 * An engine that has no space left refuses with `names_full` every transaction that could put, and
 * new leases. Reads, deletes, leases that are kept alive, and transactions that free space go on.
 */
export interface KvEntry {
  readonly key: string;
  readonly value: Buffer;
  readonly createRevision: number;
  readonly modRevision: number;
  /** 1 at creation, + 1 with every put. */
  readonly version: number;
}

/** Keys from `start` up to, not including, `end`. `end` undefined: the one key `start`. */
export interface KeySpan {
  readonly start: string;
  readonly end?: string;
}

export interface RangeOp extends KeySpan {
  readonly kind: 'range';
  /** At most this many entries, in key order. Required when `end` is given. */
  readonly limit?: number;
  readonly keysOnly?: boolean;
  /** Read as of this revision. Compacted: `names_unavailable`. */
  readonly revision?: number;
}

export interface PutOp {
  readonly kind: 'put';
  readonly key: string;
  readonly value: Buffer;
  readonly lease?: LeaseId;
}

export interface DeleteOp extends KeySpan {
  readonly kind: 'delete';
}

export type KvOp = RangeOp | PutOp | DeleteOp;

/**
 * Holds if the entry's field relates so to `value`. An absent key has version, mod and create
 * revision 0. With `end`, it must hold for every key in the span, so `version = 0` says that the
 * span is empty.
 */
export interface Compare extends KeySpan {
  readonly field: 'version' | 'mod' | 'create';
  readonly relation: '=' | '!=' | '<' | '>';
  readonly value: number;
}

/**
 * One atomic step: if all compares hold, `then`, else `else`. A nested `Txn` is an op of its own.
 * The compares of nested transactions are all judged on the state before the outermost began, and
 * no key may be written twice in one transaction: as etcd does it.
 */
export interface Txn {
  readonly compare: readonly Compare[];
  readonly then: readonly (KvOp | NestedTxn)[];
  readonly else: readonly (KvOp | NestedTxn)[];
}

export interface NestedTxn extends Txn {
  readonly kind: 'txn';
}

export interface RangeResult {
  readonly kind: 'range';
  readonly entries: readonly KvEntry[];
  readonly more: boolean;
}
export interface PutResult {
  readonly kind: 'put';
}
export interface DeleteResult {
  readonly kind: 'delete';
  readonly deleted: number;
}
export interface NestedTxnResult extends TxnResult {
  readonly kind: 'txn';
}
export type OpResult = RangeResult | PutResult | DeleteResult | NestedTxnResult;

export interface TxnResult {
  /** True: the `then` ops ran. */
  readonly succeeded: boolean;
  /** One for each op that ran, in order. */
  readonly results: readonly OpResult[];
  /** The engine's revision after this transaction. In a nested result: the outermost's. */
  readonly revision: number;
}

export type LeaseId = string & { readonly __brand: 'LeaseId' };

export interface CallOptions {
  /** The whole call, changes of member included, ends within this time. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /**
   * A hint: ask the member that decides, if it is known. That costs the engine less, but the loss
   * of one member then hits all who do so: not for those who have to find another way quickly.
   */
  readonly viaLeader?: boolean;
}

export interface TxnOptions extends CallOptions {
  /** It takes away more than it puts, or serves to: it goes on when there is no space left. */
  readonly frees?: boolean;
}

export interface WatchEvent {
  readonly kind: 'put' | 'delete';
  /** For a delete: key and modRevision only; value empty, other fields 0. */
  readonly entry: KvEntry;
}

export interface WatchHandlers {
  /** All events of one revision arrive in one call, in order of revisions. */
  onEvents(events: readonly WatchEvent[], revision: number): void;
  /**
   * Once. The watch is over (member lost, history compacted, closed): list again and watch anew.
   */
  onEnd(reason: string): void;
}

export interface Watch {
  close(): void;
}

export interface Kv {
  get(key: string, options: CallOptions): Promise<KvEntry | undefined>;
  range(
    range: Omit<RangeOp, 'kind'>,
    options: CallOptions,
  ): Promise<RangeResult & { readonly revision: number }>;
  txn(txn: Txn, options: TxnOptions): Promise<TxnResult>;
  /** Events of the span with a revision of at least `fromRevision`. */
  watch(span: KeySpan, fromRevision: number, handlers: WatchHandlers): Watch;
  grantLease(ttlMs: number, options: CallOptions): Promise<LeaseId>;
  /** True: alive for another time to live. False: the lease is gone. */
  keepLeaseAlive(lease: LeaseId, options: CallOptions): Promise<boolean>;
  revokeLease(lease: LeaseId, options: CallOptions): Promise<void>;
  /** Engine members as this driver sees them now, for error details and status. */
  members(): readonly KvMember[];
  close(): Promise<void>;
}

export interface KvMember {
  readonly endpoint: string;
  readonly healthy: boolean;
}

/** The end of the span of all keys that start with `prefix`. */
export function prefixEnd(prefix: string): string {
  const last = prefix.charCodeAt(prefix.length - 1);
  return prefix.slice(0, -1) + String.fromCharCode(last + 1);
}

export const prefixSpan = (prefix: string): Required<KeySpan> => ({
  start: prefix,
  end: prefixEnd(prefix),
});
