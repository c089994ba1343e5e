/**
 * What every driver refuses alike, before it does anything. An engine would take some of these and mean
 * something else by them: to etcd an empty `end` is no `end`, and "\0" is the end of all keys.
 */
import { DftfsError } from '#base/errors.ts';
import type { KeySpan, KvOp, NestedTxn, RangeOp, Txn } from './kv.ts';

const refuse = (detail: string) => new DftfsError('invalid_argument', detail);

export function checkKey(key: string): void {
  if (key === '') throw refuse('A key is empty.');
  if (!key.isWellFormed()) throw refuse('A key is not well-formed Unicode.');
}

export function checkSpan({ start, end }: KeySpan): void {
  checkKey(start);
  if (end === undefined) return;
  checkKey(end);
  if (end === '\0') throw refuse('A span of keys ends before the first key.');
}

export function checkRange(range: Omit<RangeOp, 'kind'>): void {
  checkSpan(range);
  if (range.end !== undefined && !(range.limit !== undefined && range.limit > 0))
    throw refuse('A range of keys needs a limit.');
}

/** Returns whether the transaction can write. */
export function checkTxn(txn: Txn): boolean {
  for (const compare of txn.compare) checkSpan(compare);
  let writes = false;
  for (const op of txn.then) writes = checkOp(op) || writes;
  for (const op of txn.else) writes = checkOp(op) || writes;
  return writes;
}

function checkOp(op: KvOp | NestedTxn): boolean {
  switch (op.kind) {
    case 'range':
      checkRange(op);
      return false;
    case 'put':
      checkKey(op.key);
      return true;
    case 'delete':
      checkSpan(op);
      return true;
    case 'txn':
      return checkTxn(op);
  }
}

export function checkRevision(revision: number): void {
  if (!Number.isSafeInteger(revision) || revision < 0) throw refuse(`Not a revision: ${revision}.`);
}
