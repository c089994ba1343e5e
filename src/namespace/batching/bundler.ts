/**
 * Gathers this node's operations of one kind into few messages to the combiner: one goes out at
 * once while not too many are under way, and whatever arrives meanwhile shares the next. When a
 * message fails, those still waiting for their turn are given back too: nothing has been done for
 * them yet.
 */
import { asDftfsError, DftfsError } from '#base/errors.ts';
import { currentScope, inScope, type RequestScope, sharedScope } from '#observe/request-scope.ts';
import type { Settled } from './lane.ts';
import { type BatchLimits, takeFitting } from './plan-batch.ts';

export interface BundlerOptions extends BatchLimits {
  /** Messages under way. */
  readonly inFlightMax: number;
  readonly queueMax: number;
}

export const bundlerDefaults: BundlerOptions = {
  operationsMax: 128,
  bytesMax: 512 * 1024,
  inFlightMax: 4,
  queueMax: 4096,
};

interface Waiting<T, R> {
  readonly operation: T;
  readonly bytes: number;
  readonly signal: AbortSignal | undefined;
  readonly scope: RequestScope | undefined;
  readonly resolve: (result: R) => void;
  readonly reject: (error: DftfsError) => void;
}

export type SendBundle<T, R> = (operations: readonly T[]) => Promise<readonly Settled<R>[]>;

export class Bundler<T, R> {
  readonly #send: SendBundle<T, R>;
  readonly #options: BundlerOptions;
  #queue: Waiting<T, R>[] = [];
  #inFlight = 0;
  #pumpScheduled = false;

  constructor(send: SendBundle<T, R>, options: BundlerOptions = bundlerDefaults) {
    this.#send = send;
    this.#options = options;
  }

  submit(operation: T, bytes: number, signal: AbortSignal | undefined): Promise<R> {
    return new Promise((resolve, reject) => {
      if (this.#queue.length >= this.#options.queueMax) {
        reject(new DftfsError('overloaded', 'Too many operations wait for the combiner.'));
        return;
      }
      const scope = currentScope();
      this.#queue.push({ operation, bytes, signal, scope, resolve, reject });
      if (this.#pumpScheduled || this.#inFlight >= this.#options.inFlightMax) return;
      this.#pumpScheduled = true;
      queueMicrotask(() => {
        this.#pumpScheduled = false;
        this.#pump();
      });
    });
  }

  #pump(): void {
    if (this.#queue.some(isCanceled)) this.#dropCanceled();
    while (this.#inFlight < this.#options.inFlightMax && this.#queue.length > 0) {
      const { batch, rest } = takeFitting(this.#queue, this.#options);
      this.#queue = [...rest];
      this.#inFlight += 1;
      void this.#sendOne(batch).finally(() => {
        this.#inFlight -= 1;
        this.#pump();
      });
    }
  }

  #dropCanceled(): void {
    const canceled = this.#queue.filter(isCanceled);
    this.#queue = this.#queue.filter((waiting) => !isCanceled(waiting));
    for (const { reject } of canceled) {
      reject(new DftfsError('canceled', 'The caller has gone; nothing was done.'));
    }
  }

  async #sendOne(bundle: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const scope = sharedScope(bundle.map((waiting) => waiting.scope));
      const operations = bundle.map(({ operation }) => operation);
      const outcomes = await inScope(scope, () => this.#send(operations));
      bundle.forEach(({ resolve, reject }, i) => {
        const outcome = outcomes[i] as Settled<R>;
        if (outcome instanceof DftfsError) reject(outcome);
        else resolve(outcome);
      });
    } catch (thrown) {
      const error = asDftfsError(thrown);
      for (const { reject } of bundle) reject(error);
      this.#giveBackQueue(error);
    }
  }

  #giveBackQueue(cause: DftfsError): void {
    const queue = this.#queue;
    this.#queue = [];
    const detail = 'The combiner failed before the operation was sent to it.';
    for (const { reject } of queue) {
      reject(new DftfsError('peer_unreachable', detail, { cause, outcome: 'none' }));
    }
  }
}

const isCanceled = ({ signal }: { readonly signal: AbortSignal | undefined }): boolean =>
  signal?.aborted === true;
