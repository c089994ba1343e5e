/**
 * The kv in this process's memory: for tests and simulations. Linearizable, with the same checks
 * and the same order of things as etcd; time comes only through `clock` and `timers`, ids are
 * counted, so that a run on virtual time repeats exactly. It never fails by itself: see `FaultyKv`.
 */
import { DftfsError } from '#base/errors.ts';
import type { Clock, Timers } from '#io/world.ts';
import { checkRange, checkRevision, checkSpan, checkTxn } from '../check-arguments.ts';
import { revisionBase } from '../eras.ts';
import type {
  CallOptions,
  KeySpan,
  Kv,
  KvEntry,
  KvMember,
  LeaseId,
  NestedTxn,
  RangeOp,
  RangeResult,
  Txn,
  TxnResult,
  Watch,
  WatchHandlers,
} from '../kv.ts';
import { applyTxn } from './apply-txn.ts';
import { Leases } from './leases.ts';
import { MemoryWatch } from './memory-watch.ts';
import { VersionedMap } from './versioned-map.ts';
import { checkWrittenOnce } from './written-keys.ts';

export interface MemoryKvDeps {
  readonly clock: Clock;
  readonly timers: Timers;
}

export interface MemoryKvOptions {
  /** At least so many revisions can be read and watched from; older ones are compacted in time. */
  readonly historyRevisions?: number;
  /** Compares or ops in one list of a transaction. */
  readonly txnOpsMax?: number;
  /** How often this cluster's names were restored from a backup. */
  readonly era?: number;
}

export class MemoryKv implements Kv {
  readonly #map: VersionedMap;
  readonly #leases: Leases;
  readonly #txnOpsMax: number;
  readonly #watches = new Set<MemoryWatch>();
  #closed = false;

  constructor(deps: MemoryKvDeps, options: MemoryKvOptions = {}) {
    this.#map = new VersionedMap(
      options.historyRevisions ?? 10_000,
      revisionBase(options.era ?? 0),
    );
    this.#txnOpsMax = options.txnOpsMax ?? 8192;
    this.#leases = new Leases(deps, (keys) => {
      for (const key of keys) this.#map.delete(key);
      if (this.#map.commit()) this.#wakeWatches();
    });
  }

  get revision(): number {
    return this.#map.revision;
  }

  /** Forgets what was before `revision`. Watches that still need it end. */
  compact(revision: number): void {
    this.#map.compact(revision);
    this.#wakeWatches();
  }

  /** All leases begin anew, as with a new leader of the engine. */
  renewLeases(): void {
    this.#leases.renewAll();
  }

  async get(key: string, options: CallOptions): Promise<KvEntry | undefined> {
    return (await this.range({ start: key }, options)).entries[0];
  }

  async range(
    range: Omit<RangeOp, 'kind'>,
    options: CallOptions,
  ): Promise<RangeResult & { readonly revision: number }> {
    this.#enter(options);
    checkRange(range);
    return { ...this.#map.range(range), revision: this.#map.revision };
  }

  async txn(txn: Txn, options: CallOptions): Promise<TxnResult> {
    this.#enter(options);
    checkTxn(txn);
    this.#checkSize(txn);
    checkWrittenOnce(txn);
    const before = this.#map.revision;
    const result = applyTxn({ map: this.#map, leases: this.#leases }, txn);
    if (result.revision > before) this.#wakeWatches();
    return result;
  }

  watch(span: KeySpan, fromRevision: number, handlers: WatchHandlers): Watch {
    checkSpan(span);
    checkRevision(fromRevision);
    const watch: MemoryWatch = new MemoryWatch(this.#map, span, fromRevision, {
      onEvents: (events, revision) => handlers.onEvents(events, revision),
      onEnd: (reason) => {
        this.#watches.delete(watch);
        handlers.onEnd(reason);
      },
    });
    this.#watches.add(watch);
    if (this.#closed) queueMicrotask(() => watch.close());
    else watch.wake();
    return watch;
  }

  async grantLease(ttlMs: number, options: CallOptions): Promise<LeaseId> {
    this.#enter(options);
    return this.#leases.grant(ttlMs);
  }

  async keepLeaseAlive(lease: LeaseId, options: CallOptions): Promise<boolean> {
    this.#enter(options);
    return this.#leases.keepAlive(lease);
  }

  async revokeLease(lease: LeaseId, options: CallOptions): Promise<void> {
    this.#enter(options);
    this.#leases.revoke(lease);
  }

  members(): readonly KvMember[] {
    return [{ endpoint: 'memory', healthy: !this.#closed }];
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#leases.close();
    for (const watch of [...this.#watches]) watch.close();
  }

  #enter({ signal }: CallOptions): void {
    if (this.#closed) throw new DftfsError('names_unavailable', 'The kv is closed.');
    if (signal?.aborted) throw new DftfsError('canceled', 'The caller gave up.');
  }

  #wakeWatches(): void {
    for (const watch of this.#watches) watch.wake();
  }

  #checkSize(txn: Txn | NestedTxn): void {
    const largest = Math.max(txn.compare.length, txn.then.length, txn.else.length);
    if (largest > this.#txnOpsMax)
      throw new DftfsError('invalid_argument', 'A transaction has too many operations.');
    for (const op of [...txn.then, ...txn.else]) if (op.kind === 'txn') this.#checkSize(op);
  }
}
