/**
 * Makes a write happen at most once, however often it is sent: its transaction carries the marker
 * `o/<operation>` and asks that it be absent. When an earlier try may still be on its way, a
 * refusal leaves the marker too (as 'refused'), so that the late try can't land after all: what has
 * once been reported as not done is never done.
 */
import assert from 'node:assert/strict';
import type { Compare, NestedTxn, OpResult, RangeOp, Txn, TxnResult } from '#kv/kv.ts';
import { operationKey } from '#protocol/keys.ts';
import type { WriteRequest, WriteResult } from './committer.ts';

const applied = Buffer.alloc(0);
const refused = Buffer.from('refused');

/** `maybeSent`: a try of this operation, of either kind, may have been applied or may yet be. */
export function guardTxn(request: WriteRequest, maybeSent: boolean): Txn {
  const { txn, traces = [] } = request;
  const key = operationKey(request.operation);
  const notApplied: Compare[] = [
    { start: key, field: 'version', relation: '=', value: 0 },
    ...traces,
  ];
  const marker: RangeOp = { kind: 'range', start: key };
  const refusal: NestedTxn = {
    kind: 'txn',
    compare: notApplied,
    then: maybeSent ? [{ kind: 'put', key, value: refused }] : [],
    else: [],
  };
  return {
    compare: [...notApplied, ...txn.compare],
    then: [{ kind: 'put', key, value: applied }, ...txn.then],
    else: [marker, refusal, ...txn.else],
  };
}

/** What the result of a guarded transaction says about the request. */
export function readGuarded(result: TxnResult): WriteResult {
  const { succeeded, revision } = result;
  if (succeeded) {
    return { succeeded, revision, results: result.results.slice(1), earlier: false };
  }
  const [marker, refusal, ...results] = result.results;
  return appliedBefore(marker, refusal)
    ? { earlier: true }
    : { succeeded, revision, results, earlier: false };
}

function appliedBefore(marker: OpResult | undefined, refusal: OpResult | undefined): boolean {
  assert(marker?.kind === 'range' && refusal?.kind === 'txn', 'not the results of a guarded txn');
  const found = marker.entries[0];
  return found === undefined ? !refusal.succeeded : !found.value.equals(refused);
}
