/**
 * Keeps a copy of some spans of the kv: lists them all at one revision, then follows watches from
 * there. When any watch ends, and every so often in any case, it lists anew: a watch may have
 * dropped an event without a word.
 */
import type { Timers } from '#io/world.ts';
import type { KeySpan, Kv, KvEntry, Watch, WatchEvent } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';

export interface WatchedStateDeps {
  readonly kv: Kv;
  readonly timers: Timers;
  readonly log: Logger;
}

export interface WatchedStateOptions {
  readonly spans: readonly Required<KeySpan>[];
  /** List anew at least this often. */
  readonly relistMs: number;
  /** Wait between tries while the kv can't be reached. */
  readonly retryMs: number;
}

const pageLimit = 1000;
const callTimeoutMs = 3000;

export class WatchedState {
  /** By key; replaced as a whole by a listing, changed in place by events. */
  entries: ReadonlyMap<string, KvEntry> = new Map();
  /** The revision of the last whole listing. */
  listedRevision = 0;
  /** Keys that went since then, and the revisions at which they did. */
  removed: ReadonlyMap<string, number> = new Map();
  private readonly deps: WatchedStateDeps;
  private readonly options: WatchedStateOptions;
  private readonly changed: () => void;
  private readonly closing = new AbortController();

  constructor(deps: WatchedStateDeps, options: WatchedStateOptions, changed: () => void) {
    this.deps = deps;
    this.options = options;
    this.changed = changed;
  }

  /** Resolves when the first listing is in; goes on by itself until `close`. */
  async start(): Promise<void> {
    const revision = await this.list();
    void this.followForEver(revision);
  }

  close(): void {
    this.closing.abort();
  }

  private async followForEver(first: number): Promise<void> {
    let revision: number | undefined = first;
    while (!this.closing.signal.aborted) {
      if (revision !== undefined) await this.followOnce(revision + 1);
      revision = await this.list().catch((error: unknown) => {
        if (!this.closing.signal.aborted) this.deps.log.warn('cluster map not listed', { error });
        return undefined;
      });
      if (revision === undefined) {
        await this.deps.timers.sleep(this.options.retryMs, this.closing.signal).catch(() => {});
      }
    }
  }

  /** All spans at the revision of the first page. */
  private async list(): Promise<number> {
    const entries = new Map<string, KvEntry>();
    let revision: number | undefined;
    for (const span of this.options.spans) {
      let start = span.start;
      for (let more = true; more; ) {
        const page = await this.deps.kv.range(
          {
            start,
            end: span.end,
            limit: pageLimit,
            ...(revision === undefined ? {} : { revision }),
          },
          { timeoutMs: callTimeoutMs, signal: this.closing.signal },
        );
        revision ??= page.revision;
        for (const entry of page.entries) entries.set(entry.key, entry);
        const last = page.entries.at(-1);
        more = page.more && last !== undefined;
        if (last !== undefined) start = `${last.key}\0`;
      }
    }
    this.entries = entries;
    this.listedRevision = revision ?? 0;
    this.removed = new Map();
    this.changed();
    return this.listedRevision;
  }

  /** Ends when a watch does, when it is time to list anew, or at `close`. */
  private async followOnce(fromRevision: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const watches: Watch[] = this.options.spans.map((span) =>
      this.deps.kv.watch(span, fromRevision, {
        onEvents: (events) => this.apply(events),
        onEnd: (reason) => {
          if (!this.closing.signal.aborted) this.deps.log.debug('watch ended', { reason });
          over.resolve();
        },
      }),
    );
    const timer = this.deps.timers.after(this.options.relistMs, over.resolve);
    this.closing.signal.addEventListener('abort', () => over.resolve(), { once: true });
    await over.promise;
    timer.cancel();
    for (const watch of watches) watch.close();
  }

  private apply(events: readonly WatchEvent[]): void {
    const entries = this.entries as Map<string, KvEntry>;
    const removed = this.removed as Map<string, number>;
    for (const { kind, entry } of events) {
      const known = entries.get(entry.key);
      if (known !== undefined && known.modRevision > entry.modRevision) continue;
      if (kind === 'delete') {
        entries.delete(entry.key);
        removed.set(entry.key, entry.modRevision);
      } else entries.set(entry.key, entry);
    }
    this.changed();
  }
}
