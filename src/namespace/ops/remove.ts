/** Takes one name away; with a blob's last name the blob goes to the queue of garbage. */
import { createHash } from 'node:crypto';
import type { OperationId } from '#base/ids.ts';
import type { OpResult, RangeOp } from '#kv/kv.ts';
import { fileKey, operationKey } from '#protocol/keys.ts';
import type { FileEntry } from '../records.ts';
import {
  attemptsMax,
  type CallLimits,
  changedTooOften,
  entryAt,
  fileAt,
  isAbsent,
  type Names,
  pathNotFound,
  rangeAt,
  readKey,
  readReferences,
  VerbTime,
} from './names.ts';
import { planRemoval, type SeenReferences } from './plan-removal.ts';

export interface RemoveOptions extends CallLimits {
  readonly idempotencyKey?: string | undefined;
}

/**
 * Errors: path_not_found, overloaded, data_damaged; names_unavailable, names_full, outcome_unknown
 * as in `Committer`. With an Idempotency-Key the removal leaves a receipt, so that its repetition
 * succeeds.
 */
export async function remove(names: Names, path: string, options: RemoveOptions): Promise<void> {
  const time = new VerbTime(names.clock, options);
  const receipt = receiptKey(path, options.idempotencyKey);
  const reads = [readKey(fileKey(path)), ...(receipt === undefined ? [] : [readKey(receipt)])];
  let results: readonly OpResult[] = await names.committer.read(reads, time.options());
  let seen: SeenReferences = new Map();
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    if (receipt !== undefined && entryAt(results, 1) !== undefined) return;
    const file = fileAt(results, 0);
    if (file === undefined) throw pathNotFound(path);
    const write = {
      operation: names.newOperation(),
      txn: removalTxn(file, seen, receipt, [...reads, readReferences(file.record.blob, 2)]),
      marker: 'always',
      frees: true,
    } as const;
    const result = await names.committer.write(write, time.options());
    if (result.earlier || result.succeeded) return;
    results = result.results;
    const references = rangeAt(results, reads.length).entries.map(({ key }) => key);
    seen = new Map([[file.record.blob, references]]);
  }
  throw changedTooOften(path);
}

function removalTxn(
  file: FileEntry,
  seen: SeenReferences,
  receipt: string | undefined,
  reads: readonly RangeOp[],
) {
  const { compare, then } = planRemoval([file], seen);
  if (receipt === undefined) return { compare, then, else: reads };
  const put = { kind: 'put', key: receipt, value: Buffer.alloc(0) } as const;
  return { compare: [...compare, isAbsent(receipt)], then: [...then, put], else: reads };
}

/** Lies among the operations, whose sweep takes it away in time. */
function receiptKey(path: string, key: string | undefined): string | undefined {
  if (key === undefined) return undefined;
  const hash = createHash('sha256')
    .update(JSON.stringify(['remove', path, key]))
    .digest('hex');
  return operationKey(hash.slice(0, 24) as OperationId);
}
