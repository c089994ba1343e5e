/**
 * What copy and move share: a second name for the same bytes, in one transaction that asks that the
 * source is as it was read. So a removal of the blob's last name that comes in between makes it
 * fail, and no name ever points at bytes that are being thrown away.
 */
import type { KvOp, OpResult } from '#kv/kv.ts';
import { fileKey } from '#protocol/keys.ts';
import type { FileEntry, FileRecord } from '../records.ts';
import { pathTaken, type RequestVerb, requestOf } from '../request.ts';
import {
  attemptsMax,
  type CallLimits,
  changedTooOften,
  fileAt,
  isAbsent,
  isUnchanged,
  type Names,
  pathNotFound,
  putName,
  readKey,
  readName,
  VerbTime,
} from './names.ts';

export interface TransferOptions extends CallLimits {
  readonly idempotencyKey?: string | undefined;
}

export interface Transfer {
  readonly verb: RequestVerb;
  /** The record that the new name gets. */
  record(source: FileRecord): FileRecord;
  /** What happens to the source in the same transaction. */
  alsoDo(source: FileEntry): readonly KvOp[];
}

/**
 * Errors: path_not_found (the source, looked at first), path_exists, idempotency_key_reused,
 * overloaded, data_damaged; names_unavailable, names_full, outcome_unknown as in `Committer`.
 */
export async function transfer(
  names: Names,
  from: string,
  to: string,
  kind: Transfer,
  options: TransferOptions,
): Promise<FileEntry> {
  const time = new VerbTime(names.clock, options);
  const request = requestOf(kind.verb, options.idempotencyKey, names.newOperation());
  const both = [readKey(fileKey(from)), readKey(fileKey(to))];
  let seen: readonly OpResult[] = await names.committer.read(both, time.options());
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const source = fileAt(seen, 0);
    const taken = fileAt(seen, 1);
    if (taken?.record.request === request) return taken;
    if (source === undefined) throw pathNotFound(from);
    if (taken !== undefined) throw pathTaken(taken, request);
    const record = { ...kind.record(source.record), request };
    const result = await names.committer.write(
      {
        operation: names.newOperation(),
        txn: {
          compare: [isUnchanged(fileKey(from), source.revision), isAbsent(fileKey(to))],
          then: [...putName(to, record), ...kind.alsoDo(source)],
          else: both,
        },
        marker: 'always',
      },
      time.options(),
    );
    if (result.earlier) return appliedEntry(names, to, record, time);
    if (result.succeeded) return { path: to, record, revision: result.revision };
    seen = result.results;
  }
  throw changedTooOften(from);
}

/**
 * An earlier try was applied: only the revision is missing. 0 if the name has since gone again, or
 * can't be looked at now: that it isn't known takes nothing from the success.
 */
async function appliedEntry(
  names: Names,
  path: string,
  record: FileRecord,
  time: VerbTime,
): Promise<FileEntry> {
  const found = await readName(names, path, time).catch(() => undefined);
  return found?.record.request === record.request ? found : { path, record, revision: 0 };
}
