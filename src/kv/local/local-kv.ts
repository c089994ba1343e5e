/**
 * What drivers in this process share: a linearizable kv on a map of entries, with the same checks
 * and the same order of things as etcd. Time comes only through `clock` and `timers`, ids are
 * counted. Where the entries are, and when a change has come to stay, is the driver's own.
 */
import { DftfsError } from '#base/errors.ts';
import type { Clock, Timers } from '#io/world.ts';
import { canWrite, checkRange, checkRevision, checkSpan, checkTxn } from '../check-arguments.ts';
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
import { LocalWatch } from './local-watch.ts';
import type { VersionedMap } from './versioned-map.ts';
import { checkWrittenOnce } from './written-keys.ts';

export interface LocalKvDeps {
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Compares or ops in one list of a transaction. */
const txnOpsMax = 8192;
const leaseEndMs = 5000;

export abstract class LocalKv implements Kv {
  protected readonly map: VersionedMap;
  readonly #leases: Leases;
  readonly #endpoint: string;
  readonly #watches = new Set<LocalWatch>();
  #closed: string | undefined;

  constructor(deps: LocalKvDeps, map: VersionedMap, endpoint: string) {
    this.map = map;
    this.#endpoint = endpoint;
    this.#leases = new Leases(deps, (lease) => {
      // What can't be written any more has closed the kv, and is told by it.
      this.#endLease(lease, leaseEndMs).catch(() => {});
    });
  }

  /** Runs it in one piece through the map's `write`; resolves when it has come to stay. */
  protected abstract write<T>(change: () => T, timeoutMs: number): Promise<T>;

  get revision(): number {
    return this.map.revision;
  }

  /** Forgets what was before `revision`. Watches that still need it end. */
  compact(revision: number): void {
    this.map.compact(revision);
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
    return { ...this.map.range(range), revision: this.map.revision };
  }

  async txn(txn: Txn, options: CallOptions): Promise<TxnResult> {
    this.#enter(options);
    checkTxn(txn);
    checkSize(txn);
    checkWrittenOnce(txn);
    const apply = () => applyTxn({ map: this.map, leases: this.#leases }, txn);
    return canWrite(txn) ? this.write(apply, options.timeoutMs) : apply();
  }

  watch(span: KeySpan, fromRevision: number, handlers: WatchHandlers): Watch {
    checkSpan(span);
    checkRevision(fromRevision);
    const watch: LocalWatch = new LocalWatch(this.map, span, fromRevision, {
      onEvents: (events, revision) => handlers.onEvents(events, revision),
      onEnd: (reason) => {
        this.#watches.delete(watch);
        handlers.onEnd(reason);
      },
    });
    this.#watches.add(watch);
    if (this.#closed !== undefined) queueMicrotask(() => watch.close());
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
    await this.#endLease(lease, options.timeoutMs);
  }

  members(): readonly KvMember[] {
    return [{ endpoint: this.#endpoint, healthy: this.#closed === undefined }];
  }

  async close(): Promise<void> {
    this.end('The kv is closed.');
  }

  /** From now on nothing is answered, and this is why. */
  protected end(why: string): void {
    this.#closed ??= why;
    this.#leases.close();
    for (const watch of [...this.#watches]) watch.close();
  }

  /** Everybody may see what was written up to this revision. */
  protected publish(revision: number): void {
    if (revision <= this.map.revision) return;
    this.map.publish(revision);
    this.#wakeWatches();
  }

  #endLease(lease: LeaseId, timeoutMs: number): Promise<void> {
    return this.write(() => {
      for (const key of this.#leases.end(lease)) this.map.delete(key);
      this.map.commit();
    }, timeoutMs);
  }

  #enter({ signal }: CallOptions): void {
    if (this.#closed !== undefined) throw new DftfsError('names_unavailable', this.#closed);
    if (signal?.aborted) throw new DftfsError('canceled', 'The caller gave up.');
  }

  #wakeWatches(): void {
    for (const watch of this.#watches) watch.wake();
  }
}

function checkSize(txn: Txn | NestedTxn): void {
  const largest = Math.max(txn.compare.length, txn.then.length, txn.else.length);
  if (largest > txnOpsMax)
    throw new DftfsError('invalid_argument', 'A transaction has too many operations.');
  for (const op of [...txn.then, ...txn.else]) if (op.kind === 'txn') checkSize(op);
}
