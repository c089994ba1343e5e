/**
 * The kv on etcd, over its own gRPC API.
 *
 * Every call ends within its time, however many members are dead, stopped or without a leader.
 * Reads are linearizable and move on to another member; so do lease calls, which are repeatable
 * because the driver names the leases itself. A writing transaction is sent once. Values are views
 * into what was received.
 */
import { DftfsError } from '#base/errors.ts';
import type { TlsSource } from '#io/tls.ts';
import type { Clock, Random, Timers } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';
import { canWrite, checkRange, checkRevision, checkSpan, checkTxn } from '../check-arguments.ts';
import { revisionBase } from '../eras.ts';
import type {
  CallOptions,
  KeySpan,
  Kv,
  KvEntry,
  KvMember,
  KvOp,
  LeaseId,
  NestedTxn,
  RangeOp,
  RangeResult,
  Txn,
  TxnOptions,
  TxnResult,
  Watch,
  WatchHandlers,
} from '../kv.ts';
import { Calls } from './calls.ts';
import type { EtcdMetrics } from './etcd-metrics.ts';
import { EtcdWatch } from './etcd-watch.ts';
import { isLeaseGone, isLeaseThere } from './failures.ts';
import { Members } from './members.ts';
import { methods } from './methods.ts';
import { grantRequest, leaseRequest, rangeRequest, txnRequest } from './requests.ts';
import { leaseTtlResponse, rangeResponse, txnResponse } from './responses.ts';
import { weighTxn } from './weighed-txn.ts';

export interface EtcdKvDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
  /** For https endpoints. */
  readonly tls?: TlsSource | undefined;
  readonly metrics?: EtcdMetrics | undefined;
}

export interface EtcdKvOptions {
  /** http or https URLs of the members' client ports. */
  readonly endpoints: readonly string[];
  /**
   * A member that hasn't answered for so long is left: a read goes on elsewhere, a write is
   * unknown.
   */
  readonly perAttemptTimeoutMs?: number;
  /** How often members that are avoided, or that serve watches, are probed. */
  readonly probeIntervalMs?: number;
  /** How often this cluster's names were restored from a backup. */
  readonly era?: number;
}

export class EtcdKv implements Kv {
  readonly #deps: EtcdKvDeps;
  readonly #perAttemptTimeoutMs: number;
  readonly #revisionBase: number;
  readonly #members: Members;
  readonly #calls: Calls;
  readonly #watches = new Set<EtcdWatch>();

  static create(deps: EtcdKvDeps, options: EtcdKvOptions): EtcdKv {
    return new EtcdKv(deps, options);
  }

  private constructor(deps: EtcdKvDeps, options: EtcdKvOptions) {
    this.#deps = deps;
    this.#perAttemptTimeoutMs = options.perAttemptTimeoutMs ?? 700;
    this.#revisionBase = revisionBase(options.era ?? 0);
    this.#members = new Members(deps, {
      endpoints: options.endpoints,
      probeTimeoutMs: this.#perAttemptTimeoutMs,
      probeIntervalMs: options.probeIntervalMs ?? 1000,
    });
    this.#calls = new Calls(
      { ...deps, members: this.#members },
      { perAttemptTimeoutMs: this.#perAttemptTimeoutMs },
    );
  }

  async get(key: string, options: CallOptions): Promise<KvEntry | undefined> {
    return (await this.range({ start: key }, options)).entries[0];
  }

  async range(
    range: Omit<RangeOp, 'kind'>,
    options: CallOptions,
  ): Promise<RangeResult & { readonly revision: number }> {
    checkRange(range);
    this.#checkEra([{ kind: 'range', ...range }]);
    const message = rangeRequest(range, this.#revisionBase);
    const reply = await this.#calls.repeatable(methods.range, message, options);
    return rangeResponse(reply, this.#revisionBase);
  }

  async txn(txn: Txn, options: TxnOptions): Promise<TxnResult> {
    checkTxn(txn);
    this.#checkEra([...txn.then, ...txn.else]);
    const weighed = weighTxn(txn, options.frees ?? false);
    const message = txnRequest(weighed.txn, this.#revisionBase);
    const reply = canWrite(txn)
      ? await this.#calls.write(methods.txn, message, options)
      : await this.#calls.repeatable(methods.txn, message, options);
    return weighed.unwrap(txnResponse(reply, this.#revisionBase));
  }

  watch(span: KeySpan, fromRevision: number, handlers: WatchHandlers): Watch {
    checkSpan(span);
    checkRevision(fromRevision);
    const watch = new EtcdWatch(
      { timers: this.#deps.timers, member: this.#members.best() },
      {
        span,
        fromRevision,
        revisionBase: this.#revisionBase,
        createTimeoutMs: this.#perAttemptTimeoutMs,
        handlers: {
          onEvents: (events, revision) => handlers.onEvents(events, revision),
          onEnd: (reason) => {
            this.#watches.delete(watch);
            handlers.onEnd(reason);
          },
        },
      },
    );
    this.#watches.add(watch);
    return watch;
  }

  /** etcd counts in whole seconds: the time is rounded up. */
  async grantLease(ttlMs: number, options: CallOptions): Promise<LeaseId> {
    const id = 1 + this.#deps.random.bytes(6).readUIntBE(0, 6);
    const lease = id.toString(16) as LeaseId;
    const message = grantRequest(Math.ceil(ttlMs / 1000), lease);
    try {
      await this.#calls.repeatable(methods.leaseGrant, message, options);
    } catch (error) {
      // An earlier attempt of this same call had arrived.
      if (!isLeaseThere(error)) throw error;
    }
    return lease;
  }

  async keepLeaseAlive(lease: LeaseId, options: CallOptions): Promise<boolean> {
    const message = leaseRequest(lease);
    const reply = await this.#calls.repeatable(methods.leaseKeepAlive, message, options);
    return leaseTtlResponse(reply) > 0;
  }

  async revokeLease(lease: LeaseId, options: CallOptions): Promise<void> {
    try {
      await this.#calls.repeatable(methods.leaseRevoke, leaseRequest(lease), options);
    } catch (error) {
      if (!isLeaseGone(error)) throw error;
    }
  }

  members(): readonly KvMember[] {
    return this.#members.list();
  }

  /** What was before the engine began is not there to be read. */
  #checkEra(ops: readonly (KvOp | NestedTxn)[]): void {
    if (this.#revisionBase === 0) return;
    for (const op of ops) {
      if (op.kind === 'txn') this.#checkEra([...op.then, ...op.else]);
      else if (op.kind === 'range' && op.revision && op.revision <= this.#revisionBase) {
        const detail = `Revision ${op.revision} is of a former era.`;
        throw new DftfsError('names_unavailable', detail);
      }
    }
  }

  async close(): Promise<void> {
    for (const watch of [...this.#watches]) watch.close();
    this.#members.close();
  }
}
