/** A kv whose writing transactions are held, lost, or applied without a reply, as the test says. */
import { DftfsError } from '#base/errors.ts';
import type { CallOptions, Kv, Txn, TxnResult } from '#kv/kv.ts';

/**
 * 'lose': never arrives. 'lose reply': applied. 'late': applied when the test calls `arrive`.
 * 'refuse': certain.
 */
export type Fate = 'pass' | 'lose' | 'lose reply' | 'late' | 'refuse';

export interface Interruption {
  /** Runs before the n-th writing transaction (from 0) goes on its way. */
  before?(n: number, txn: Txn): Promise<void> | void;
  fate?(n: number, txn: Txn): Fate;
}

export class InterruptedKv {
  readonly kv: Kv;
  /** Writing transactions seen. */
  writes = 0;
  readonly #inner: Kv;
  readonly #interruption: Interruption;
  readonly #late: Txn[] = [];

  constructor(inner: Kv, interruption: Interruption) {
    this.#inner = inner;
    this.#interruption = interruption;
    const txn = (txn: Txn, options: CallOptions) => this.#txn(txn, options);
    this.kv = new Proxy(inner, {
      get: (target, name) => {
        if (name === 'txn') return txn;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  /** Whatever was late arrives now, in order. */
  async arrive(): Promise<void> {
    for (const txn of this.#late.splice(0)) {
      await this.#inner.txn(txn, { timeoutMs: 4000 });
    }
  }

  async #txn(txn: Txn, options: CallOptions): Promise<TxnResult> {
    if (txn.then.every((op) => op.kind === 'range')) return this.#inner.txn(txn, options);
    const n = this.writes++;
    await this.#interruption.before?.(n, txn);
    const fate = this.#interruption.fate?.(n, txn) ?? 'pass';
    if (fate === 'refuse') throw new DftfsError('names_unavailable', 'No member answers.');
    if (fate === 'late') this.#late.push(txn);
    const result = fate === 'lose' || fate === 'late' ? undefined : this.#inner.txn(txn, options);
    const known = await result;
    if (fate === 'pass' && known !== undefined) return known;
    throw new DftfsError('outcome_unknown', 'The connection was lost.');
  }
}
