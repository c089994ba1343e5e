/**
 * Any kv, with faults: each call is shown to `intercept`, which may name what befalls it. As with a
 * real engine at the end of a network, whoever loses a reply learns nothing until its time is up,
 * and a write that was given up can still land.
 */
import { DftfsError } from '#base/errors.ts';
import type { Timers } from '#io/world.ts';
import { canPut, canWrite } from '../check-arguments.ts';
import type {
  CallOptions,
  KeySpan,
  Kv,
  KvEntry,
  KvMember,
  LeaseId,
  RangeOp,
  RangeResult,
  Txn,
  TxnOptions,
  TxnResult,
  Watch,
  WatchEvent,
  WatchHandlers,
} from '../kv.ts';

export type KvCall =
  | { readonly method: 'range'; readonly range: Omit<RangeOp, 'kind'> }
  | {
      readonly method: 'txn';
      readonly txn: Txn;
      readonly writes: boolean;
      readonly needsSpace: boolean;
    }
  | { readonly method: 'grantLease' | 'keepLeaseAlive' | 'revokeLease' };

export type Fault =
  /**
   * Arrives after so long. Beyond the caller's time: it is told so in time, and the call lands
   * later.
   */
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'lose-request' }
  /** Done, but the caller never hears of it. */
  | { readonly kind: 'lose-reply' }
  /** Refused at once, nothing done. */
  | { readonly kind: 'refuse'; readonly error: DftfsError }
  /** Done, and yet answered with this error. */
  | { readonly kind: 'apply-and-fail'; readonly error: DftfsError };

/**
 * What befalls the calls of an engine without space, to be returned by `intercept`.
 * 'apply-and-fail' is what etcd may do just before its alarm.
 */
export function noSpaceLeft(
  call: KvCall,
  kind: 'refuse' | 'apply-and-fail' = 'refuse',
): Fault | undefined {
  const needsSpace = call.method === 'txn' ? call.needsSpace : call.method === 'grantLease';
  if (!needsSpace) return undefined;
  return { kind, error: new DftfsError('names_full', 'No space left.', { outcome: 'maybe' }) };
}

export interface FaultyKvOptions {
  readonly intercept?: (call: KvCall) => Fault | undefined;
  /** False: these events are lost without a word. */
  readonly deliver?: (events: readonly WatchEvent[], revision: number) => boolean;
}

const never = new Promise<never>(() => {});

export class FaultyKv implements Kv {
  readonly #kv: Kv;
  readonly #timers: Timers;
  readonly #watches = new Map<Watch, WatchHandlers>();
  /** May be changed at any time. */
  intercept: (call: KvCall) => Fault | undefined;
  deliver: (events: readonly WatchEvent[], revision: number) => boolean;

  constructor(deps: { kv: Kv; timers: Timers }, options: FaultyKvOptions = {}) {
    this.#kv = deps.kv;
    this.#timers = deps.timers;
    this.intercept = options.intercept ?? (() => undefined);
    this.deliver = options.deliver ?? (() => true);
  }

  async get(key: string, options: CallOptions): Promise<KvEntry | undefined> {
    return (await this.range({ start: key }, options)).entries[0];
  }

  range(
    range: Omit<RangeOp, 'kind'>,
    options: CallOptions,
  ): Promise<RangeResult & { readonly revision: number }> {
    return this.#suffer({ method: 'range', range }, options, (rest) => this.#kv.range(range, rest));
  }

  txn(txn: Txn, options: TxnOptions): Promise<TxnResult> {
    const needsSpace = canPut(txn) && !options.frees;
    const call = { method: 'txn', txn, writes: canWrite(txn), needsSpace } as const;
    return this.#suffer(call, options, (rest) => this.#kv.txn(txn, rest));
  }

  watch(span: KeySpan, fromRevision: number, handlers: WatchHandlers): Watch {
    const watch: Watch = this.#kv.watch(span, fromRevision, {
      onEvents: (events, revision) => {
        if (this.#watches.has(watch) && this.deliver(events, revision))
          handlers.onEvents(events, revision);
      },
      onEnd: (reason) => {
        if (this.#watches.delete(watch)) handlers.onEnd(reason);
      },
    });
    this.#watches.set(watch, handlers);
    return watch;
  }

  /** Ends all watches, as when the member that served them is lost. */
  breakWatches(reason: string): void {
    for (const [watch, handlers] of [...this.#watches]) {
      this.#watches.delete(watch);
      watch.close();
      handlers.onEnd(reason);
    }
  }

  grantLease(ttlMs: number, options: CallOptions): Promise<LeaseId> {
    return this.#suffer({ method: 'grantLease' }, options, (rest) =>
      this.#kv.grantLease(ttlMs, rest),
    );
  }

  keepLeaseAlive(lease: LeaseId, options: CallOptions): Promise<boolean> {
    return this.#suffer({ method: 'keepLeaseAlive' }, options, (rest) =>
      this.#kv.keepLeaseAlive(lease, rest),
    );
  }

  revokeLease(lease: LeaseId, options: CallOptions): Promise<void> {
    return this.#suffer({ method: 'revokeLease' }, options, (rest) =>
      this.#kv.revokeLease(lease, rest),
    );
  }

  members(): readonly KvMember[] {
    return this.#kv.members();
  }

  close(): Promise<void> {
    return this.#kv.close();
  }

  async #suffer<T>(
    call: KvCall,
    options: CallOptions,
    perform: (options: CallOptions) => Promise<T>,
  ): Promise<T> {
    const fault = this.intercept(call);
    if (fault === undefined) return perform(options);
    if (fault.kind === 'refuse') throw fault.error;
    // What is on its way isn't called back when its sender gives up.
    const sent = { timeoutMs: options.timeoutMs };
    if (fault.kind === 'apply-and-fail') {
      await perform(sent);
      throw fault.error;
    }
    return this.#bounded(
      call,
      options,
      this.#underWay(fault, () => perform(sent)),
    );
  }

  async #underWay<T>(fault: Fault, perform: () => Promise<T>): Promise<T> {
    if (fault.kind === 'lose-request') return never;
    if (fault.kind === 'delay') await this.#timers.sleep(fault.ms);
    const result = await perform();
    return fault.kind === 'lose-reply' ? never : result;
  }

  /** What the caller sees of a call that may never end. */
  #bounded<T>(call: KvCall, options: CallOptions, underWay: Promise<T>): Promise<T> {
    const writes = call.method === 'txn' && call.writes;
    return new Promise((resolve, reject) => {
      const settle = () => {
        timer.cancel();
        options.signal?.removeEventListener('abort', abort);
      };
      const abort = () => {
        settle();
        const outcome = writes ? 'maybe' : 'none';
        reject(new DftfsError('canceled', 'The caller gave up.', { outcome }));
      };
      const timer = this.#timers.after(options.timeoutMs, () => {
        settle();
        const code = writes ? 'outcome_unknown' : 'names_unavailable';
        reject(new DftfsError(code, 'No reply in time.'));
      });
      if (options.signal?.aborted) abort();
      else options.signal?.addEventListener('abort', abort);
      underWay.then(resolve, reject).finally(settle);
    });
  }
}
