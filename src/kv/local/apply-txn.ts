/**
 * A transaction on the map: judged as a whole on the state before it, checked, and then applied.
 */
import { DftfsError } from '#base/errors.ts';
import type {
  Compare,
  DeleteOp,
  KvEntry,
  KvOp,
  LeaseId,
  NestedTxn,
  OpResult,
  PutOp,
  RangeOp,
  Txn,
  TxnResult,
} from '../kv.ts';
import type { Leases } from './leases.ts';
import type { VersionedMap } from './versioned-map.ts';

interface Store {
  readonly map: VersionedMap;
  readonly leases: Leases;
}

/** What is left of a transaction when its compares are judged: the ops of the branch that runs. */
interface Judged {
  readonly kind: 'judged';
  readonly succeeded: boolean;
  readonly ops: readonly (KvOp | Judged)[];
}

export function applyTxn(store: Store, txn: Txn): TxnResult {
  const judged = judge(store.map, txn);
  check(store, judged);
  // Reads within a transaction that writes see its writes so far; the revision is that after it.
  const results = judged.ops.map((op) => apply(store, op));
  store.map.commit();
  return withRevision({ succeeded: judged.succeeded, results }, store.map.revision);
}

function judge(map: VersionedMap, txn: Txn): Judged {
  const succeeded = txn.compare.every((compare) => holds(map, compare));
  const ops = (succeeded ? txn.then : txn.else).map((op: KvOp | NestedTxn) =>
    op.kind === 'txn' ? judge(map, op) : op,
  );
  return { kind: 'judged', succeeded, ops };
}

const absent = { version: 0, modRevision: 0, createRevision: 0 };
const fieldNames = { version: 'version', mod: 'modRevision', create: 'createRevision' } as const;

function holds(map: VersionedMap, compare: Compare): boolean {
  let found = false;
  for (const version of map.scan(compare)) {
    found = true;
    if (!relates(compare, version)) return false;
  }
  return found || relates(compare, absent);
}

function relates(compare: Compare, entry: Omit<KvEntry, 'key' | 'value'>): boolean {
  const actual = entry[fieldNames[compare.field]];
  switch (compare.relation) {
    case '=':
      return actual === compare.value;
    case '!=':
      return actual !== compare.value;
    case '<':
      return actual < compare.value;
    case '>':
      return actual > compare.value;
  }
}

/** Whatever can fail does so before anything is written. */
function check(store: Store, judged: Judged): void {
  for (const op of judged.ops) {
    if (op.kind === 'judged') check(store, op);
    else if (op.kind === 'range') store.map.checkReadable(op.revision);
    else if (op.kind === 'put' && op.lease !== undefined) checkLease(store.leases, op.lease);
  }
}

function checkLease(leases: Leases, lease: LeaseId): void {
  if (!leases.has(lease)) throw new DftfsError('session_lost', `The lease ${lease} is gone.`);
}

type Unrevised = { succeeded: boolean; results: readonly (OpResult | UnrevisedNested)[] };
type UnrevisedNested = Unrevised & { kind: 'nested' };

function apply(store: Store, op: KvOp | Judged): OpResult | UnrevisedNested {
  switch (op.kind) {
    case 'range':
      return applyRange(store, op);
    case 'put':
      return applyPut(store, op);
    case 'delete':
      return applyDelete(store, op);
    case 'judged': {
      const results = op.ops.map((inner) => apply(store, inner));
      return { kind: 'nested', succeeded: op.succeeded, results };
    }
  }
}

const applyRange = ({ map }: Store, op: RangeOp): OpResult => map.range(op);

function applyPut({ map, leases }: Store, op: PutOp): OpResult {
  leases.bind(op.key, op.lease);
  map.put(op.key, Buffer.from(op.value), op.lease !== undefined);
  return { kind: 'put' };
}

function applyDelete({ map, leases }: Store, op: DeleteOp): OpResult {
  const keys = [...map.scan(op)].map(({ key }) => key);
  for (const key of keys) {
    leases.bind(key, undefined);
    map.delete(key);
  }
  return { kind: 'delete', deleted: keys.length };
}

function withRevision({ succeeded, results }: Unrevised, revision: number): TxnResult {
  const revised = results.map(
    (result): OpResult =>
      result.kind === 'nested' ? { kind: 'txn', ...withRevision(result, revision) } : result,
  );
  return { succeeded, results: revised, revision };
}
