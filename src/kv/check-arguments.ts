/**
 * What every driver refuses alike, before it does anything. An engine would take some of these and
 * mean something else by them: to etcd an empty `end` is no `end`, and "\0" is the end of all keys.
 */
import { DftfsError } from '#base/errors.ts';
import type { KeySpan, KvOp, NestedTxn, RangeOp, Txn } from './kv.ts';

const refuse = (detail: string) => new DftfsError('invalid_argument', detail);

/** Room for the longest path and what stands before it; an engine may take no more than 1978. */
export const keyBytesMax = 1536;

export function checkKey(key: string): void {
  if (key === '') throw refuse('A key is empty.');
  if (Buffer.byteLength(key) > keyBytesMax) throw refuse('A key is too long.');
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

export function checkTxn(txn: Txn): void {
  for (const compare of txn.compare) checkSpan(compare);
  for (const op of txn.then) checkOp(op);
  for (const op of txn.else) checkOp(op);
}

function checkOp(op: KvOp | NestedTxn): void {
  if (op.kind === 'txn') checkTxn(op);
  else if (op.kind === 'put') checkKey(op.key);
  else if (op.kind === 'range') checkRange(op);
  else checkSpan(op);
}

/** Whether the transaction can write: one that can't may be repeated. */
export function canWrite(txn: Txn): boolean {
  const writes = (op: KvOp | NestedTxn): boolean =>
    op.kind === 'txn' ? canWrite(op) : op.kind !== 'range';
  return txn.then.some(writes) || txn.else.some(writes);
}

/** Whether the transaction can put: one that can't needs no space. */
export function canPut(txn: Txn): boolean {
  const puts = (op: KvOp | NestedTxn): boolean =>
    op.kind === 'txn' ? canPut(op) : op.kind === 'put';
  return txn.then.some(puts) || txn.else.some(puts);
}

export function checkRevision(revision: number): void {
  if (!Number.isSafeInteger(revision) || revision < 0) throw refuse(`Not a revision: ${revision}.`);
}
