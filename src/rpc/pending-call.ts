import { DftfsError, type Outcome } from '#base/errors.ts';
import type { CallWatcher } from './call-watcher.ts';
import type { Deadlines, Expiring } from './deadlines.ts';
import type { CallOptions, RpcMessage } from './rpc.ts';

/** Why a caller no longer waits. */
export type GiveUpCode = 'deadline_exceeded' | 'canceled';

/** A call whose caller waits, until an answer, its deadline or its signal settles it: once. */
export abstract class PendingCall implements Expiring {
  readonly deadlineAt: number;
  readonly #deadlines: Deadlines;
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (message: RpcMessage) => void;
  readonly #reject: (error: DftfsError) => void;
  readonly #watcher: CallWatcher | undefined;

  constructor(
    deadlines: Deadlines,
    now: number,
    options: CallOptions,
    watcher: CallWatcher | undefined,
    resolve: (message: RpcMessage) => void,
    reject: (error: DftfsError) => void,
  ) {
    this.deadlineAt = now + options.timeoutMs;
    this.#deadlines = deadlines;
    this.#signal = options.signal;
    this.#watcher = watcher;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Lets go of the call wherever it is kept, and says whether it may have happened. */
  protected abstract giveUp(code: GiveUpCode): { readonly whom: string; readonly outcome: Outcome };

  /** From now on deadline and signal are watched. */
  watch(): void {
    this.#deadlines.add(this);
    this.#signal?.addEventListener('abort', this);
  }

  resolve(message: RpcMessage): void {
    this.#unwatch();
    this.#watcher?.settled(undefined);
    this.#resolve(message);
  }

  reject(error: DftfsError): void {
    this.#unwatch();
    this.#watcher?.settled(error);
    this.#reject(error);
  }

  expire(): void {
    const { whom, outcome } = this.giveUp('deadline_exceeded');
    this.reject(
      new DftfsError('deadline_exceeded', `No answer from ${whom} in time.`, { outcome }),
    );
  }

  /** The signal aborted. */
  handleEvent(): void {
    const { whom, outcome } = this.giveUp('canceled');
    const cause = this.#signal?.reason;
    this.reject(new DftfsError('canceled', `A call to ${whom} was canceled.`, { outcome, cause }));
  }

  #unwatch(): void {
    this.#deadlines.remove(this);
    this.#signal?.removeEventListener('abort', this);
  }
}

/** Throws if there is no sense in beginning the call. */
export function checkOptions({ timeoutMs, signal }: CallOptions): void {
  if (signal?.aborted) {
    throw new DftfsError('canceled', 'The call was canceled before it began.', {
      cause: signal.reason,
    });
  }
  if (!(timeoutMs > 0)) {
    throw new DftfsError('deadline_exceeded', 'The deadline passed before the call began.', {
      outcome: 'none',
    });
  }
}
