/**
 * etcd weighs a transaction against its quota by the puts at its top: nested ones weigh nothing and
 * pass even at the alarm. So what has to be refused when there is no space left shows a put at its
 * top, if need be one that never runs, and what frees space has all of its puts nested.
 */
import { canPut } from '../check-arguments.ts';
import type { PutOp, Txn, TxnResult } from '../kv.ts';

export interface WeighedTxn {
  readonly txn: Txn;
  /** The result of the transaction that was meant, from that of `txn`. */
  unwrap(result: TxnResult): TxnResult;
}

const weight: PutOp = { kind: 'put', key: 'weight', value: Buffer.alloc(0) };

export function weighTxn(txn: Txn, frees: boolean): WeighedTxn {
  const weighs = [...txn.then, ...txn.else].some((op) => op.kind === 'put');
  if (frees) return weighs ? { txn: wrapped(txn), unwrap: firstResult } : asItIs(txn);
  if (weighs || !canPut(txn)) return asItIs(txn);
  if (txn.compare.length === 0) return asItIs({ ...txn, else: [...txn.else, weight] });
  return { txn: { ...wrapped(txn), else: [weight] }, unwrap: firstResult };
}

const asItIs = (txn: Txn): WeighedTxn => ({ txn, unwrap: (result) => result });
const wrapped = (txn: Txn): Txn => ({ compare: [], then: [{ kind: 'txn', ...txn }], else: [] });

function firstResult(result: TxnResult): TxnResult {
  const [inner] = result.results;
  if (inner?.kind !== 'txn') throw new RangeError('etcd left out the result of a transaction');
  const { succeeded, results, revision } = inner;
  return { succeeded, results, revision };
}
