/** The names engine as one process reaches it: over a network, with the engine's faults. */
import { DftfsError } from '#base/errors.ts';
import { canPut, canWrite } from '#kv/check-arguments.ts';
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
  WatchHandlers,
} from '#kv/kv.ts';
import { EngineWatch } from './engine-watch.ts';
import { mishap } from './mishap.ts';
import { engineHost, type NamesEngine } from './names-engine.ts';
import type { SimProcess } from './process.ts';

interface Request<T> {
  /** Its outcome is open while no reply has come. */
  readonly writes: boolean;
  readonly needsSpace: boolean;
  readonly apply: () => Promise<T>;
}

const full = () => new DftfsError('names_full', 'No space left for names.', { outcome: 'maybe' });
const refused = () => new DftfsError('names_unavailable', 'No member takes the request.');

export class EngineClient implements Kv {
  readonly #engine: NamesEngine;
  readonly #process: SimProcess;
  readonly #machine: string;
  #isClosed = false;

  constructor(engine: NamesEngine, process: SimProcess, machine: string) {
    this.#engine = engine;
    this.#process = process;
    this.#machine = machine;
  }

  async get(key: string, options: CallOptions): Promise<KvEntry | undefined> {
    return (await this.range({ start: key }, options)).entries[0];
  }

  range(
    range: Omit<RangeOp, 'kind'>,
    options: CallOptions,
  ): Promise<RangeResult & { readonly revision: number }> {
    const { kv } = this.#engine;
    const apply = async () => {
      const staleness = this.#staleness(range);
      // Who lags behind says so.
      return { ...(await kv.range({ ...range, ...staleness }, options)), ...staleness };
    };
    return this.#call({ writes: false, needsSpace: false, apply }, options);
  }

  txn(txn: Txn, options: TxnOptions): Promise<TxnResult> {
    const { kv } = this.#engine;
    const writes = canWrite(txn);
    const needsSpace = canPut(txn) && !options.frees;
    const apply = () => kv.txn(writes ? txn : this.#stale(txn), options);
    return this.#call({ writes, needsSpace, apply }, options);
  }

  watch(span: KeySpan, fromRevision: number, handlers: WatchHandlers): Watch {
    const at = { engine: this.#engine, process: this.#process, machine: this.#machine };
    return new EngineWatch(at, span, fromRevision, handlers);
  }

  grantLease(ttlMs: number, options: CallOptions): Promise<LeaseId> {
    const apply = () => this.#engine.kv.grantLease(ttlMs, options);
    return this.#call({ writes: false, needsSpace: true, apply }, options);
  }

  keepLeaseAlive(lease: LeaseId, options: CallOptions): Promise<boolean> {
    const { kv, weather } = this.#engine;
    const apply = async () =>
      (await kv.keepLeaseAlive(lease, options)) ||
      mishap(this.#engine, 'false-keep-alive', weather.falseKeepAliveRate);
    return this.#call({ writes: false, needsSpace: false, apply }, options);
  }

  revokeLease(lease: LeaseId, options: CallOptions): Promise<void> {
    const apply = () => this.#engine.kv.revokeLease(lease, options);
    return this.#call({ writes: false, needsSpace: false, apply }, options);
  }

  members(): readonly KvMember[] {
    return [{ endpoint: engineHost, healthy: !this.#isClosed }];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  /** What travels isn't called back when its sender gives up, or dies. */
  #call<T>(request: Request<T>, { timeoutMs, signal }: CallOptions): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const settle = () => {
      timer.cancel();
      signal?.removeEventListener('abort', abort);
    };
    const abort = () => {
      settle();
      const outcome = request.writes ? 'maybe' : 'none';
      reject(new DftfsError('canceled', 'The caller gave up.', { outcome }));
    };
    const timer = this.#process.timers.after(timeoutMs, () => {
      settle();
      const code = request.writes ? 'outcome_unknown' : 'names_unavailable';
      reject(new DftfsError(code, 'No reply in time.'));
    });
    if (this.#isClosed || signal?.aborted) {
      timer.cancel();
      throw this.#isClosed ? refused() : new DftfsError('canceled', 'The caller gave up.');
    }
    signal?.addEventListener('abort', abort);
    this.#send(request, (outcome) => {
      settle();
      outcome.then(resolve, reject);
    });
    return promise;
  }

  #send<T>(request: Request<T>, answer: (outcome: Promise<T>) => void): void {
    const { scheduler, dice, weather } = this.#engine;
    if (mishap(this.#engine, 'refusals', weather.refusalRate)) {
      scheduler.after(1, this.#process, () => answer(Promise.reject(refused())));
      return;
    }
    if (this.#isCut('request')) return;
    if (mishap(this.#engine, 'lost-requests', weather.lostRequestRate)) return;
    const isLate = mishap(this.#engine, 'late-writes', weather.lateRate);
    const lateMs = isLate ? dice.between(0, weather.lateMsMax) : 0;
    scheduler.after(this.#wayMs() + lateMs, undefined, () =>
      this.#engine.decide(() => this.#apply(request, answer)),
    );
  }

  #apply<T>(request: Request<T>, answer: (outcome: Promise<T>) => void): void {
    const { scheduler, dice, weather, isFull } = this.#engine;
    const isRefused = isFull && request.needsSpace;
    const applies = !isRefused || (request.writes && dice.chance(0.2));
    const done = applies ? request.apply() : Promise.reject(full());
    const outcome = isRefused ? done.then(() => Promise.reject(full())) : done;
    outcome.catch(() => {});
    if (this.#isCut('reply')) return;
    if (mishap(this.#engine, 'lost-replies', weather.lostReplyRate)) return;
    scheduler.after(this.#wayMs(), this.#process, () => answer(outcome));
  }

  #isCut(way: 'request' | 'reply'): boolean {
    const { links } = this.#engine;
    return way === 'request'
      ? links.isCut(this.#machine, engineHost)
      : links.isCut(engineHost, this.#machine);
  }

  /** With the time that a majority takes to write it down. */
  #wayMs(): number {
    const { links, dice } = this.#engine;
    return links.latencyMs(this.#machine, engineHost, 0) + dice.skewed(0.2, 3);
  }

  #staleness({ revision }: Omit<RangeOp, 'kind'>): { revision?: number } {
    const { weather } = this.#engine;
    if (revision !== undefined || !mishap(this.#engine, 'stale-reads', weather.staleReadRate)) {
      return {};
    }
    return { revision: this.#engine.staleRevision() };
  }

  #stale(txn: Txn): Txn {
    if (txn.compare.length > 0) return txn;
    const staleness = this.#staleness({ start: '' });
    const then = txn.then.map((op) => (op.kind === 'range' ? { ...staleness, ...op } : op));
    return { ...txn, then };
  }
}
