/**
 * Puts operations on names, of this node and of others, into shared transactions: the kv works as
 * long for one operation as for a dozen. Reads have a lane of their own, since a transaction
 * without a write in it needs no place in the engine's log.
 *
 * Each write goes into at most one transaction, once, and only if `o/<operation>` is absent:
 * whoever lost patience and went another way has left that key. When the fate of a transaction
 * isn't known, so is that of each member; it is for their senders to find out. Nothing that must be
 * true rests on the combiner: any number of them may work at a time, stop, and wake.
 */
import { asDftfsError, DftfsError } from '#base/errors.ts';
import type { Clock, Timers } from '#io/world.ts';
import type {
  Kv,
  NestedTxn,
  NestedTxnResult,
  RangeOp,
  RangeResult,
  Txn,
  TxnResult,
} from '#kv/kv.ts';
import { operationKey } from '#protocol/keys.ts';
import type { CommitOptions, WriteRequest, WriteResult } from '../committer.ts';
import { rangesBytes, txnBytes } from './batch-size.ts';
import { Lane, type LaneItem, type Settled } from './lane.ts';
import type { NamesKind, NamesMetrics } from './names-metrics.ts';
import { planBatch, takeFitting } from './plan-batch.ts';

export interface CombinerDeps {
  readonly kv: Pick<Kv, 'txn'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics?: NamesMetrics | undefined;
}

export interface CombinerOptions {
  /** In one transaction. */
  readonly operationsMax: number;
  readonly bytesMax: number;
  /** Waiting, per lane. */
  readonly queueMax: number;
  /** Transactions, per lane. */
  readonly inFlightMax: number;
  readonly txnTimeoutMs: number;
  /** After each, per lane: see `LaneOptions`. */
  readonly restShare: number;
  readonly restMsMax: number;
  /**
   * An operation that batches so often went without, because of the names it wants, is given back:
   * where many want the same name, single transactions side by side are quicker than batches of one
   * in a row.
   */
  readonly passedOverMax: number;
}

export const combinerDefaults: CombinerOptions = {
  operationsMax: 256,
  bytesMax: 1024 * 1024,
  queueMax: 8192,
  inFlightMax: 1,
  txnTimeoutMs: 1000,
  restShare: 0.25,
  restMsMax: 10,
  passedOverMax: 2,
};

type ReadResult = readonly RangeResult[];

interface WriteItem extends LaneItem<WriteResult> {
  readonly txn: NestedTxn;
  readonly bytes: number;
  /** The marker's put comes last in `then`; its result is nobody's business. */
  readonly marked: boolean;
  timesPassedOver: number;
}

interface ReadItem extends LaneItem<ReadResult> {
  readonly ranges: readonly RangeOp[];
  readonly bytes: number;
}

const noValue = Buffer.alloc(0);

export class Combiner {
  readonly #deps: CombinerDeps;
  readonly #options: CombinerOptions;
  readonly #writes: Lane<WriteResult, WriteItem>;
  readonly #reads: Lane<ReadResult, ReadItem>;

  constructor(deps: CombinerDeps, options: CombinerOptions = combinerDefaults) {
    this.#deps = deps;
    this.#options = options;
    this.#writes = new Lane(
      deps,
      { take: (queue) => this.#takeWrites(queue), run: (batch) => this.#runWrites(batch) },
      options,
    );
    this.#reads = new Lane(
      deps,
      { take: (queue) => this.#takeReads(queue), run: (batch) => this.#runReads(batch) },
      options,
    );
  }

  /** Operations waiting for a transaction, for status. */
  get queued(): { readonly reads: number; readonly writes: number } {
    return { reads: this.#reads.queued, writes: this.#writes.queued };
  }

  /**
   * Settles each exactly as the request's own transaction would have ended. Errors whose outcome is
   * 'none': `overloaded` and `deadline_exceeded` (never put into a transaction),
   * `names_unavailable`.
   */
  write(request: WriteRequest, options: CommitOptions): Promise<WriteResult> {
    return settledPromise((settle) => this.enqueueWrite(request, options, settle));
  }

  /**
   * No range may name a revision: were it compacted, it would fail all it shares a transaction
   * with.
   */
  read(ranges: readonly RangeOp[], options: CommitOptions): Promise<ReadResult> {
    return settledPromise((settle) => this.enqueueRead(ranges, options, settle));
  }

  enqueueWrite(
    request: WriteRequest,
    { timeoutMs, signal }: CommitOptions,
    settle: (outcome: Settled<WriteResult>) => void,
  ): void {
    const txn = guarded(request);
    const marked = request.marker === 'always';
    const deadline = this.#deps.clock.now() + timeoutMs;
    const bytes = txnBytes(txn);
    this.#writes.push({ txn, bytes, marked, deadline, signal, settle, timesPassedOver: 0 });
  }

  enqueueRead(
    ranges: readonly RangeOp[],
    { timeoutMs, signal }: CommitOptions,
    settle: (outcome: Settled<ReadResult>) => void,
  ): void {
    const deadline = this.#deps.clock.now() + timeoutMs;
    this.#reads.push({ ranges, bytes: rangesBytes(ranges), deadline, signal, settle });
  }

  #takeWrites(queue: readonly WriteItem[]) {
    const { batch, passedOver, rest } = planBatch(queue, this.#options);
    const left: WriteItem[] = [];
    for (const item of passedOver) {
      item.timesPassedOver += 1;
      if (item.timesPassedOver <= this.#options.passedOverMax) left.push(item);
      else item.settle(new DftfsError('overloaded', 'Too many operations want the same names.'));
    }
    return { batch, left: left.length === 0 ? rest : left.concat(rest) };
  }

  async #runWrites(batch: readonly WriteItem[]): Promise<void> {
    const [first] = batch;
    const txn: Txn =
      batch.length === 1 && first !== undefined
        ? first.txn
        : { compare: [], then: batch.map((item) => item.txn), else: [] };
    const outcome = await this.#commit(txn, 'write', batch.length);
    batch.forEach((item, i) => {
      if (outcome instanceof DftfsError) item.settle(outcome);
      else {
        const own = batch.length === 1 ? outcome : (outcome.results[i] as NestedTxnResult);
        item.settle(writeResult(own, item.marked));
      }
    });
  }

  #takeReads(queue: readonly ReadItem[]) {
    const { batch, rest } = takeFitting(queue, this.#options);
    return { batch, left: rest };
  }

  async #runReads(batch: readonly ReadItem[]): Promise<void> {
    const txn: Txn = { compare: [], then: batch.flatMap((item) => item.ranges), else: [] };
    const outcome = await this.#commit(txn, 'read', batch.length);
    let taken = 0;
    for (const item of batch) {
      if (outcome instanceof DftfsError) item.settle(outcome);
      else {
        const from = taken;
        taken += item.ranges.length;
        item.settle(outcome.results.slice(from, taken) as RangeResult[]);
      }
    }
  }

  async #commit(txn: Txn, kind: NamesKind, count: number): Promise<Settled<TxnResult>> {
    const { kv, clock, metrics } = this.#deps;
    const timeoutMs = this.#options.txnTimeoutMs;
    const began = clock.now();
    try {
      return await kv.txn(txn, { timeoutMs, viaLeader: true });
    } catch (error) {
      return asDftfsError(error);
    } finally {
      metrics?.batches[kind].operations.observe(count);
      metrics?.batches[kind].duration.observe((clock.now() - began) / 1000);
    }
  }
}

/** The request's transaction with what keeps it from being applied after it went another way. */
function guarded({ operation, txn, marker }: WriteRequest): NestedTxn {
  const key = operationKey(operation);
  const unseen = { start: key, field: 'version', relation: '=', value: 0 } as const;
  const mark = { kind: 'put', key, value: noValue } as const;
  return {
    kind: 'txn',
    compare: [...txn.compare, unseen],
    then: marker === 'always' ? [...txn.then, mark] : txn.then,
    else: txn.else,
  };
}

function writeResult(result: TxnResult, marked: boolean): WriteResult {
  const { succeeded, revision } = result;
  const results = succeeded && marked ? result.results.slice(0, -1) : result.results;
  return { succeeded, results, revision, earlier: false };
}

function settledPromise<R>(start: (settle: (outcome: Settled<R>) => void) => void): Promise<R> {
  return new Promise((resolve, reject) => {
    start((outcome) => {
      if (outcome instanceof DftfsError) reject(outcome);
      else resolve(outcome);
    });
  });
}
