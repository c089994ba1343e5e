/** What the parts of the contract share. */
import assert from 'node:assert/strict';
import { isCode } from '#base/errors.ts';
import type { Kv, KvEntry, KvOp, NestedTxn, OpResult, Txn, TxnResult } from '../kv.ts';

export interface KvUnderTest {
  readonly kv: Kv;
  close(): Promise<void>;
  /** Forgets the history before this revision. */
  compact(revision: number): Promise<void>;
  /** Lets so much time pass: at once on a virtual clock. */
  pass(ms: number): Promise<void>;
}

export type Made = () => KvUnderTest;
export const options = { timeoutMs: 5000 };

export const put = (key: string, value = ''): KvOp => ({
  kind: 'put',
  key,
  value: Buffer.from(value),
});
export const remove = (start: string, end?: string): KvOp => ({
  kind: 'delete',
  start,
  ...(end === undefined ? {} : { end }),
});
export const then = (...ops: (KvOp | NestedTxn)[]): Txn => ({ compare: [], then: ops, else: [] });
export const nested = (...ops: (KvOp | NestedTxn)[]): NestedTxn => ({
  kind: 'txn',
  ...then(...ops),
});
export const keysOf = (entries: readonly KvEntry[]) => entries.map(({ key }) => key);
export const isRefused = (error: unknown) => isCode(error, 'invalid_argument');

export function part<K extends OpResult['kind']>(result: TxnResult, index: number, kind: K) {
  const found = result.results[index];
  assert.equal(found?.kind, kind);
  return found as Extract<OpResult, { kind: K }>;
}
