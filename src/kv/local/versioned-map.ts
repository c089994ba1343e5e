/**
 * The entries, and for a bounded number of revisions what they were before. A change of several
 * keys is written within `write` and becomes one revision at `commit`; whoever reads outside of it
 * sees it from `publish` on, when it has come to stay.
 */
import { DftfsError } from '#base/errors.ts';
import { compareKeys, spanHas } from '../key-order.ts';
import type { KeySpan, KvEntry, RangeOp, RangeResult, WatchEvent } from '../kv.ts';
import type { Entries } from './entries.ts';

interface Change {
  readonly revision: number;
  readonly events: readonly WatchEvent[];
  /** What the keys held. */
  readonly before: ReadonlyMap<string, KvEntry | undefined>;
}

export interface VersionedMapOptions {
  /** What the entries are as of; as in etcd, the first write ever makes revision 2. */
  readonly revision: number;
  readonly historyRevisions: number;
}

const empty = Buffer.alloc(0);

export class VersionedMap {
  /** Reads before this revision are refused. */
  compactedRevision: number;
  /** The latest, published or not. */
  latestRevision: number;
  readonly #entries: Entries;
  readonly #historyRevisions: number;
  #publishedRevision: number;
  /** Oldest first, without gaps. */
  #changes: Change[] = [];
  #events: WatchEvent[] = [];
  #before = new Map<string, KvEntry | undefined>();
  #isWriting = false;

  constructor(entries: Entries, { revision, historyRevisions }: VersionedMapOptions) {
    this.#entries = entries;
    this.latestRevision = revision;
    this.#publishedRevision = revision;
    this.compactedRevision = revision === 1 ? 0 : revision;
    this.#historyRevisions = historyRevisions;
  }

  get revision(): number {
    return this.#isWriting ? this.latestRevision : this.#publishedRevision;
  }

  /** What `change` has written and not committed when it throws never was. */
  write<T>(change: () => T): T {
    this.#isWriting = true;
    try {
      return change();
    } finally {
      this.#isWriting = false;
      this.#events = [];
      this.#before = new Map();
    }
  }

  publish(revision: number): void {
    this.#publishedRevision = Math.max(this.#publishedRevision, revision);
  }

  /** As it is now, or was at `revision`; while writing, with what has been written. */
  *scan(span: KeySpan, revision?: number): Generator<KvEntry> {
    const current = span.end === undefined ? this.#one(span.start) : this.#entries.scan(span);
    if (revision === undefined && this.#isWriting) yield* current;
    else yield* mergedWith(this.#changedSince(span, revision ?? this.#publishedRevision), current);
  }

  range(range: Omit<RangeOp, 'kind'>): RangeResult {
    this.checkReadable(range.revision);
    const entries: KvEntry[] = [];
    for (const entry of this.scan(range, range.revision || undefined)) {
      if (range.limit && entries.length === range.limit)
        return { kind: 'range', entries, more: true };
      entries.push(range.keysOnly ? { ...entry, value: empty } : entry);
    }
    return { kind: 'range', entries, more: false };
  }

  checkReadable(revision = 0): void {
    if (revision === 0) return;
    if (revision > this.revision) throw unreadable(revision, 'in the future');
    if (revision < this.compactedRevision) throw unreadable(revision, 'compacted');
  }

  put(key: string, value: Buffer, isBound: boolean): void {
    const before = this.#entries.get(key);
    const modRevision = this.latestRevision + 1;
    const createRevision = before?.createRevision ?? modRevision;
    const version = (before?.version ?? 0) + 1;
    const entry = { key, value, createRevision, modRevision, version };
    this.#entries.put(entry, isBound);
    this.#note({ kind: 'put', entry }, before);
  }

  delete(key: string): void {
    const before = this.#entries.get(key);
    if (before === undefined) return;
    const modRevision = this.latestRevision + 1;
    this.#entries.delete(key);
    const entry = { key, value: empty, createRevision: 0, modRevision, version: 0 };
    this.#note({ kind: 'delete', entry }, before);
  }

  /** Makes what was written since the last commit a revision; without writes there is none. */
  commit(): void {
    if (this.#events.length === 0) return;
    this.latestRevision += 1;
    this.#entries.seal(this.latestRevision);
    const [events, before] = [this.#events, this.#before];
    this.#changes.push({ revision: this.latestRevision, events, before });
    this.#events = [];
    this.#before = new Map();
    if (this.#changes.length > this.#historyRevisions * 2)
      this.compact(this.latestRevision - this.#historyRevisions);
  }

  changeAt(revision: number): Pick<Change, 'events'> | undefined {
    const first = this.#changes[0]?.revision ?? 0;
    return this.#changes[revision - first];
  }

  compact(revision: number): void {
    if (revision <= this.compactedRevision) return;
    this.compactedRevision = revision;
    const kept = this.#changes.findIndex((change) => change.revision >= revision);
    this.#changes.splice(0, kept < 0 ? this.#changes.length : kept);
  }

  *#one(key: string): Generator<KvEntry> {
    const entry = this.#entries.get(key);
    if (entry !== undefined) yield entry;
  }

  /** What keys of the span that have changed since `revision` held then. */
  #changedSince(span: KeySpan, revision: number): ReadonlyMap<string, KvEntry | undefined> {
    const then = new Map<string, KvEntry | undefined>();
    const undo = (before: Change['before']) => {
      for (const [key, entry] of before) if (spanHas(span, key)) then.set(key, entry);
    };
    undo(this.#before);
    for (let at = this.#changes.length - 1; at >= 0; at--) {
      const change = this.#changes[at] as Change;
      if (change.revision <= revision) break;
      undo(change.before);
    }
    return then;
  }

  #note(event: WatchEvent, before: KvEntry | undefined): void {
    this.#events.push(event);
    const { key } = event.entry;
    if (!this.#before.has(key)) this.#before.set(key, before);
  }
}

/** Current entries, but where there are former ones those, in the order of keys. */
function* mergedWith(
  former: ReadonlyMap<string, KvEntry | undefined>,
  current: Iterable<KvEntry>,
): Generator<KvEntry> {
  const waiting = [...former.values()]
    .filter((entry) => entry !== undefined)
    .sort((a, b) => compareKeys(b.key, a.key));
  for (const entry of current) {
    if (former.has(entry.key)) continue;
    while (isBefore(waiting.at(-1), entry)) yield waiting.pop() as KvEntry;
    yield entry;
  }
  while (waiting.length > 0) yield waiting.pop() as KvEntry;
}

const isBefore = (entry: KvEntry | undefined, other: KvEntry): boolean =>
  entry !== undefined && compareKeys(entry.key, other.key) < 0;

const unreadable = (revision: number, why: string) =>
  new DftfsError('names_unavailable', `Revision ${revision} is ${why}.`);
