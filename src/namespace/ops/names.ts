/**
 * What all verbs on names share: their rights, reading one name, and the vocabulary of compares.
 */
import assert from 'node:assert/strict';
import { DftfsError } from '#base/errors.ts';
import type { BlobId, NodeId, OperationId } from '#base/ids.ts';
import { namesDeadlineMs } from '#base/limits.ts';
import type { Clock } from '#io/world.ts';
import {
  type Compare,
  type Kv,
  type KvEntry,
  type KvOp,
  type OpResult,
  prefixEnd,
  type RangeOp,
  type RangeResult,
} from '#kv/kv.ts';
import { backReferenceKey, backReferencePrefix, fileKey, pathOfFileKey } from '#protocol/keys.ts';
import type { CommitOptions, Committer } from '../committer.ts';
import { Deadline } from '../deadline.ts';
import { decodeFileRecord, encodeFileRecord } from '../record-codec.ts';
import type { FileEntry, FileRecord } from '../records.ts';

export interface Names {
  readonly committer: Committer;
  /** Listings go straight to the engine: they are too big to be worth combining. */
  readonly kv: Pick<Kv, 'range'>;
  readonly clock: Clock;
  readonly node: NodeId;
  readonly newOperation: () => OperationId;
}

export interface CallLimits {
  readonly signal?: AbortSignal;
}

/** How often an operation starts anew because others changed what it was about. */
export const attemptsMax = 16;

/** The whole verb's time; `options()` gives what is left of it to the next step. */
export class VerbTime {
  readonly #deadline: Deadline;
  readonly #signal: AbortSignal | undefined;

  constructor(clock: Clock, { signal }: CallLimits) {
    this.#deadline = new Deadline(clock, namesDeadlineMs);
    this.#signal = signal;
  }

  get isHalfSpent(): boolean {
    return this.#deadline.leftMs() < namesDeadlineMs / 2;
  }

  options(): CommitOptions {
    const timeoutMs = this.#deadline.leftMs();
    return this.#signal === undefined ? { timeoutMs } : { timeoutMs, signal: this.#signal };
  }
}

export const readKey = (key: string): RangeOp => ({ kind: 'range', start: key });
export const isAbsent = (key: string): Compare => compare(key, 'version', 0);
export const isEmptySpan = (start: string, end: string): Compare => ({
  ...compare(start, 'version', 0),
  end,
});
export const isUnchanged = (key: string, modRevision: number): Compare =>
  compare(key, 'mod', modRevision);
export const isCreatedAt = (key: string, createRevision: number): Compare =>
  compare(key, 'create', createRevision);
export const exists = (key: string): Compare => ({
  start: key,
  field: 'version',
  relation: '>',
  value: 0,
});

const compare = (start: string, field: Compare['field'], value: number): Compare => ({
  start,
  field,
  relation: '=',
  value,
});

const empty = Buffer.alloc(0);

/** Gives the file its name: the record and the blob's back reference, always together. */
export const putName = (path: string, record: FileRecord): KvOp[] => [
  { kind: 'put', key: fileKey(path), value: encodeFileRecord(record) },
  { kind: 'put', key: backReferenceKey(record.blob, path), value: empty },
];

export const deleteName = (path: string, blob: BlobId): KvOp[] => [
  { kind: 'delete', start: fileKey(path) },
  { kind: 'delete', start: backReferenceKey(blob, path) },
];

/** Up to `limit` back references of the blob. */
export function readReferences(blob: BlobId, limit: number): RangeOp {
  const start = backReferencePrefix(blob);
  return { kind: 'range', start, end: prefixEnd(start), limit, keysOnly: true };
}

export function rangeAt(results: readonly OpResult[], index: number): RangeResult {
  const result = results[index];
  assert(result?.kind === 'range', 'a range was asked for in this place');
  return result;
}

export const entryAt = (results: readonly OpResult[], index: number): KvEntry | undefined =>
  rangeAt(results, index).entries[0];

export function fileEntry(entry: KvEntry): FileEntry {
  const path = pathOfFileKey(entry.key);
  return { path, record: decodeFileRecord(entry.value, path), revision: entry.modRevision };
}

export function fileAt(results: readonly OpResult[], index: number): FileEntry | undefined {
  const entry = entryAt(results, index);
  return entry === undefined ? undefined : fileEntry(entry);
}

export const readName = async (
  names: Names,
  path: string,
  time: VerbTime,
): Promise<FileEntry | undefined> =>
  fileAt(await names.committer.read([readKey(fileKey(path))], time.options()), 0);

export const pathNotFound = (path: string): DftfsError =>
  new DftfsError('path_not_found', `There is no file ${path}.`, { path });

export const changedTooOften = (path: string): DftfsError =>
  new DftfsError('overloaded', `${path} is being changed by many at once; try again.`, { path });
