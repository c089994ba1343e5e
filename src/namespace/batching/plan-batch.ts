/**
 * Chooses which of the queued operations share the next transaction.
 *
 * The kv judges the compares of all nested transactions on the state before the outermost began,
 * and refuses a transaction that writes a key twice. So a batch means the same as its operations
 * one after another, in whatever order, only if none writes what another of them reads or writes.
 * That is the rule: an operation joins unless it meets one already in. One that doesn't join keeps
 * its place, and whatever comes later and meets it waits behind it; so no operation is overtaken by
 * one it could tell apart from itself, and the first in the queue always goes.
 */
import type { Txn } from '#kv/kv.ts';
import { TouchedKeys } from './touched-keys.ts';

export interface Plannable {
  readonly txn: Txn;
  /** What it adds to the size of the request, about. */
  readonly bytes: number;
}

export interface BatchLimits {
  readonly operationsMax: number;
  readonly bytesMax: number;
}

export interface BatchPlan<T> {
  readonly batch: readonly T[];
  /** Looked at and left out for what they touch, in order of the queue. */
  readonly passedOver: readonly T[];
  /** The rest of the queue: not looked at. */
  readonly rest: readonly T[];
}

/** Bounds the work of a plan while nearly all operations want the same names. */
const lookedAtPerOperation = 4;

export function planBatch<T extends Plannable>(
  queue: readonly T[],
  { operationsMax, bytesMax }: BatchLimits,
): BatchPlan<T> {
  const touched = new TouchedKeys();
  const batch: T[] = [];
  const passedOver: T[] = [];
  const end = Math.min(queue.length, operationsMax * lookedAtPerOperation);
  let bytes = 0;
  let next = 0;
  for (; next < end && batch.length < operationsMax; next += 1) {
    const item = queue[next] as T;
    if (touched.meets(item.txn)) {
      passedOver.push(item);
    } else {
      if (batch.length > 0 && bytes + item.bytes > bytesMax) break;
      batch.push(item);
      bytes += item.bytes;
    }
    touched.add(item.txn);
  }
  return { batch, passedOver, rest: queue.slice(next) };
}

/** For operations that only read, and so never meet: as many from the front as fit. */
export function takeFitting<T extends { readonly bytes: number }>(
  queue: readonly T[],
  { operationsMax, bytesMax }: BatchLimits,
): { readonly batch: readonly T[]; readonly rest: readonly T[] } {
  let count = 0;
  let bytes = 0;
  for (const item of queue) {
    if (count === operationsMax || (count > 0 && bytes + item.bytes > bytesMax)) break;
    bytes += item.bytes;
    count += 1;
  }
  return { batch: queue.slice(0, count), rest: queue.slice(count) };
}
