/**
 * Puts the names of a backup into a kv that holds nothing yet. The first thing there is the hold:
 * whatever the nodes have that these names don't know must not be taken for garbage. The last is
 * the era: no node registers before all names are there and were read through.
 */
import { DftfsError, isCode } from '#base/errors.ts';
import type { Timers } from '#io/world.ts';
import type { Compare, Kv, PutOp, Txn } from '#kv/kv.ts';
import { collectionHoldKey, eraKey, restoringKey } from '#protocol/keys.ts';
import { type BackupEnd, type BackupEntry, backUpNames } from './back-up.ts';
import type { Backup } from './read-backup.ts';

export interface RestoreDeps {
  /** Of the new era. */
  readonly kv: Pick<Kv, 'range' | 'txn'>;
  readonly timers: Pick<Timers, 'sleep'>;
}

export interface RestoreOptions {
  readonly era: number;
  readonly nowMs: number;
}

const callOptions = { timeoutMs: 10_000 };
const batchEntriesMax = 1000;
const batchBytesMax = 1024 * 1024;
const triesMax = 10;
const pauseMs = 300;

/**
 * Afterwards the kv was read through, and holds what the backup does. Interrupted, it can be done
 * again with the same backup.
 */
export async function restoreNames(
  deps: RestoreDeps,
  { head, entries }: Backup,
  options: RestoreOptions,
): Promise<BackupEnd> {
  const { era, nowMs } = options;
  const facts = { restoredMs: nowMs, takenMs: head.takenMs, backupRevision: head.revision };
  const value = Buffer.from(JSON.stringify(facts));
  await begin(deps, [
    { kind: 'put', key: collectionHoldKey, value },
    { kind: 'put', key: restoringKey, value },
  ]);
  const end = await putAll(deps, entries);
  const found = await digestOf(deps);
  if (found.sha256 !== end.sha256) {
    throw new DftfsError('data_damaged', 'The restored names are not those of the backup.');
  }
  await finish(deps, { kind: 'put', key: eraKey(era), value });
  return end;
}

const isThere = (key: string): Compare => ({
  ...{ start: key, field: 'version', relation: '>', value: 0 },
});

async function begin(deps: RestoreDeps, then: readonly PutOp[]): Promise<void> {
  const nothing = { start: '!', end: '~', field: 'version', relation: '=', value: 0 } as const;
  // The second says that an earlier try of this has been there.
  const again: Txn = { compare: [isThere(restoringKey)], then: [], else: [] };
  const done =
    (await insist(deps, { compare: [nothing], then, else: [] })) || (await insist(deps, again));
  if (done) return;
  throw new DftfsError('precondition_failed', 'Names are restored into an empty engine only.');
}

async function finish(deps: RestoreDeps, era: PutOp): Promise<void> {
  const end = { kind: 'delete', start: restoringKey } as const;
  const txn: Txn = { compare: [isThere(restoringKey)], then: [era, end], else: [] };
  const before: Txn = { compare: [isThere(era.key)], then: [], else: [] };
  if ((await insist(deps, txn)) || (await insist(deps, before))) return;
  throw new DftfsError('precondition_failed', 'Somebody else restores names there.');
}

async function putAll(deps: RestoreDeps, entries: Backup['entries']): Promise<BackupEnd> {
  let batch: PutOp[] = [];
  let bytes = 0;
  const flush = async () => {
    if (batch.length > 0) await insist(deps, { compare: [], then: batch, else: [] });
    batch = [];
    bytes = 0;
  };
  for (;;) {
    const next = await entries.next();
    if (next.done) {
      await flush();
      return next.value;
    }
    const op = putOf(next.value);
    batch.push(op);
    bytes += op.key.length + op.value.length;
    if (batch.length === batchEntriesMax || bytes > batchBytesMax) await flush();
  }
}

const putOf = ([key, value]: BackupEntry): PutOp => {
  return { kind: 'put', key, value: Buffer.from(value, 'base64') };
};

/** Each of these may be done twice. Says whether its compares held the last time. */
async function insist({ kv, timers }: RestoreDeps, txn: Txn): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      return (await kv.txn(txn, callOptions)).succeeded;
    } catch (error) {
      if (tries === triesMax || !isCode(error, 'names_unavailable', 'outcome_unknown')) throw error;
    }
    await timers.sleep(pauseMs);
  }
}

async function digestOf({ kv }: RestoreDeps): Promise<BackupEnd> {
  let last = '';
  for await (const line of backUpNames(kv, { clusterId: '', era: 0, takenMs: 0 })) last = line;
  return JSON.parse(last) as BackupEnd;
}
