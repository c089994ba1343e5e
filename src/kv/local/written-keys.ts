/**
 * No transaction may write a key twice. As in etcd, both branches of a nested transaction count
 * against what stands beside it, not against each other; deleted spans may overlap each other, not
 * a put.
 */
import { DftfsError } from '#base/errors.ts';
import { spanHas } from '../key-order.ts';
import type { KeySpan, KvOp, NestedTxn, Txn } from '../kv.ts';

export function checkWrittenOnce(txn: Txn): void {
  writtenBy(txn.then);
  writtenBy(txn.else);
}

class Deleted {
  readonly keys = new Set<string>();
  readonly spans: KeySpan[] = [];

  add(span: KeySpan): void {
    if (span.end === undefined) this.keys.add(span.start);
    else this.spans.push(span);
  }

  addAll(other: Deleted): void {
    for (const key of other.keys) this.keys.add(key);
    this.spans.push(...other.spans);
  }

  has(key: string): boolean {
    return this.keys.has(key) || this.spans.some((span) => spanHas(span, key));
  }
}

interface Written {
  readonly puts: Set<string>;
  readonly deleted: Deleted;
}

function writtenBy(ops: readonly (KvOp | NestedTxn)[]): Written {
  const puts = new Set<string>();
  const deleted = new Deleted();
  for (const op of ops) if (op.kind === 'delete') deleted.add(op);
  for (const op of ops) {
    if (op.kind !== 'txn') continue;
    const then = writtenBy(op.then);
    const otherwise = writtenBy(op.else);
    for (const key of then.puts) take(key, puts.has(key) || deleted.has(key), puts);
    for (const key of otherwise.puts)
      take(key, (puts.has(key) && !then.puts.has(key)) || deleted.has(key), puts);
    deleted.addAll(then.deleted);
    deleted.addAll(otherwise.deleted);
  }
  for (const op of ops)
    if (op.kind === 'put') take(op.key, puts.has(op.key) || deleted.has(op.key), puts);
  return { puts, deleted };
}

function take(key: string, isTaken: boolean, puts: Set<string>): void {
  if (isTaken)
    throw new DftfsError('invalid_argument', `A transaction writes ${JSON.stringify(key)} twice.`);
  puts.add(key);
}
