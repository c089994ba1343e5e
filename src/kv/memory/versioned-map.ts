/**
 * The keys, and for a bounded number of revisions what they held before. A change of several keys
 * is written with `put` and `delete` and becomes one revision at `commit`.
 */
import { DftfsError } from '#base/errors.ts';
import type { KeySpan, KvEntry, LeaseId, RangeOp, RangeResult, WatchEvent } from '../kv.ts';
import { SortedKeys } from './sorted-keys.ts';

export interface Version extends KvEntry {
  readonly deleted: boolean;
  readonly lease: LeaseId | undefined;
}

interface Change {
  readonly revision: number;
  readonly events: readonly WatchEvent[];
}

const empty = Buffer.alloc(0);

export class VersionedMap {
  /** As in etcd, the first write makes revision 2. */
  revision: number;
  /** Reads before this revision are refused. */
  compactedRevision: number;
  readonly #historyRevisions: number;
  readonly #keys = new SortedKeys();
  /** Oldest first. */
  readonly #versions = new Map<string, Version[]>();
  /** One for each revision from `compactedRevision` on, without gaps. */
  #changes: Change[] = [];
  #events: WatchEvent[] = [];

  constructor(historyRevisions: number, revisionBase = 0) {
    this.revision = revisionBase + 1;
    this.compactedRevision = revisionBase === 0 ? 0 : this.revision;
    this.#historyRevisions = historyRevisions;
  }

  /** The key as it is now, or was at `revision`. */
  get(key: string, revision?: number): Version | undefined {
    const version = this.#versions
      .get(key)
      ?.findLast(({ modRevision }) => revision === undefined || modRevision <= revision);
    return version?.deleted ? undefined : version;
  }

  *scan(span: KeySpan, revision?: number): Generator<Version> {
    const keys = span.end === undefined ? [span.start] : this.#keys.between(span.start, span.end);
    for (const key of keys) {
      const version = this.get(key, revision);
      if (version !== undefined) yield version;
    }
  }

  range(range: Omit<RangeOp, 'kind'>): RangeResult {
    this.checkReadable(range.revision);
    const entries: KvEntry[] = [];
    for (const version of this.scan(range, range.revision || undefined)) {
      if (range.limit && entries.length === range.limit)
        return { kind: 'range', entries, more: true };
      entries.push(toEntry(version, range.keysOnly ?? false));
    }
    return { kind: 'range', entries, more: false };
  }

  checkReadable(revision = 0): void {
    if (revision === 0) return;
    if (revision > this.revision) throw unreadable(revision, 'in the future');
    if (revision < this.compactedRevision) throw unreadable(revision, 'compacted');
  }

  put(key: string, value: Buffer, lease: LeaseId | undefined): void {
    const before = this.get(key);
    const modRevision = this.revision + 1;
    const createRevision = before?.createRevision ?? modRevision;
    const version = (before?.version ?? 0) + 1;
    const next = { key, value, createRevision, modRevision, version, deleted: false, lease };
    this.#append(next, { kind: 'put', entry: toEntry(next, false) });
  }

  delete(key: string): void {
    const modRevision = this.revision + 1;
    const gone = { key, value: empty, createRevision: 0, modRevision, version: 0 };
    this.#append({ ...gone, deleted: true, lease: undefined }, { kind: 'delete', entry: gone });
  }

  /** Makes what was written since the last commit a revision; without writes there is none. */
  commit(): boolean {
    if (this.#events.length === 0) return false;
    this.revision += 1;
    this.#changes.push({ revision: this.revision, events: this.#events });
    this.#events = [];
    if (this.#changes.length > this.#historyRevisions * 2)
      this.compact(this.revision - this.#historyRevisions);
    return true;
  }

  changeAt(revision: number): Change | undefined {
    const first = this.#changes[0]?.revision ?? 0;
    return this.#changes[revision - first];
  }

  compact(revision: number): void {
    if (revision <= this.compactedRevision) return;
    this.compactedRevision = revision;
    const kept = this.#changes.findIndex((change) => change.revision >= revision);
    const dropped = this.#changes.splice(0, kept < 0 ? this.#changes.length : kept);
    for (const { events } of dropped) for (const { entry } of events) this.#prune(entry.key);
  }

  /** Keeps the versions that a read at or after the compacted revision can see. */
  #prune(key: string): void {
    const versions = this.#versions.get(key);
    if (versions === undefined) return;
    const last = versions.findLastIndex((one) => one.modRevision <= this.compactedRevision);
    if (last < 0) return;
    versions.splice(0, versions[last]?.deleted ? last + 1 : last);
    if (versions.length > 0) return;
    this.#versions.delete(key);
    this.#keys.delete(key);
  }

  #append(version: Version, event: WatchEvent): void {
    const versions = this.#versions.get(version.key);
    if (versions === undefined) {
      this.#versions.set(version.key, [version]);
      this.#keys.add(version.key);
    } else versions.push(version);
    this.#events.push(event);
  }
}

function toEntry(version: KvEntry, keysOnly: boolean): KvEntry {
  const { key, createRevision, modRevision, version: count } = version;
  const value = keysOnly ? empty : version.value;
  return { key, value, createRevision, modRevision, version: count };
}

const unreadable = (revision: number, why: string) =>
  new DftfsError('names_unavailable', `Revision ${revision} is ${why}.`);
