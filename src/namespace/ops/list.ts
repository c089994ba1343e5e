/**
 * Pages through names in the order of their bytes. One level is shown by seeking: a subtree is one
 * entry, and the scan goes on behind it, so that a folder with millions of descendants costs what
 * it shows. A folder sorts, and is paged, as its name with a slash, behind a file of the same name.
 */
import { DftfsError, isCode } from '#base/errors.ts';
import { listPageMax } from '#base/limits.ts';
import { type KeySpan, type KvEntry, prefixSpan, type RangeResult } from '#kv/kv.ts';
import { fileKey } from '#protocol/keys.ts';
import { type CallLimits, fileEntry, type Names, VerbTime } from './names.ts';
import { Scan } from './scan.ts';

export interface ListOptions {
  /** A folder ('/' or '/a/b', without the last slash). */
  readonly folder: string;
  /** False: one level, subtrees as one entry of kind folder. */
  readonly recursive: boolean;
  readonly limit: number;
  /** Only what comes after this (a `next` of an earlier page). */
  readonly after?: string;
  /** All pages of one listing can be read at the revision of the first, while history lasts. */
  readonly revision?: number;
}

export interface ListEntry {
  /** Relative to the folder; a folder's without trailing slash. */
  readonly name: string;
  readonly kind: 'file' | 'folder';
  /** Missing for folders, and for a file whose record is damaged. */
  readonly size?: number;
  readonly modifiedMs?: number;
}

export interface ListPage {
  readonly entries: readonly ListEntry[];
  /** Pass as `after` for the next page (which can be empty); undefined: that was all. */
  readonly next: string | undefined;
  readonly revision: number;
}

/** Bounds the memory of a page and the size of one answer of the engine. */
const readKeysMax = 256;
const readKeysMin = 8;
/**
 * About the most reads for a page: among many large subtrees, or with little time, it ends early.
 */
const readsMax = 1000;

export const folderSpan = (folder: string): Required<KeySpan> =>
  prefixSpan(fileKey(folder === '/' ? '/' : `${folder}/`));

/** Errors: path_not_found if nothing is there (the root is always there), names_unavailable. */
export async function list(
  names: Names,
  options: ListOptions,
  limits: CallLimits,
): Promise<ListPage> {
  const time = new VerbTime(names.clock, limits);
  const page = new Page(options);
  let { revision } = options;
  let reads = 0;
  const scan = new Scan(async (span) => {
    const found = await readSpan(names, span, revision, time);
    revision = found.revision;
    reads++;
    return found;
  }, folderSpan(options.folder));
  if (options.after !== undefined) scan.seek(page.position);
  let keys = readKeysMax;
  while (!page.over && reads < readsMax && (page.entries.length === 0 || !time.isHalfSpent)) {
    const shown = page.take(await scan.next(Math.min(keys, page.room + 1)));
    if (page.endsWithFolder) scan.seek(page.position);
    keys = Math.min(Math.max(4 * shown, readKeysMin), readKeysMax);
  }
  if (page.entries.length === 0) await throwIfNothing(names, options, time);
  return { entries: page.entries, next: page.next, revision: revision ?? 0 };
}

/** At `revision` while history lasts, else as it is now. */
async function readSpan(
  names: Names,
  span: { start: string; end: string; limit: number },
  revision: number | undefined,
  time: VerbTime,
): Promise<RangeResult & { readonly revision: number }> {
  if (revision === undefined) return names.kv.range(span, time.options());
  try {
    const { entries, more } = await names.kv.range({ ...span, revision }, time.options());
    return { kind: 'range', entries, more, revision };
  } catch (error) {
    if (!isCode(error, 'names_unavailable')) throw error;
    return names.kv.range(span, time.options());
  }
}

/** An empty page behind `after` is the end of a folder, unless the folder isn't there at all. */
async function throwIfNothing(names: Names, options: ListOptions, time: VerbTime): Promise<void> {
  const { folder, after } = options;
  if (folder === '/') return;
  if (after !== undefined) {
    const span = { ...folderSpan(folder), limit: 1 };
    const { entries } = await names.kv.range(span, time.options());
    if (entries.length > 0) return;
  }
  const detail = `There is no folder ${folder}: no file's path goes on behind it.`;
  throw new DftfsError('path_not_found', detail, { path: folder });
}

/** A page being filled. Each entry has a token: its name, with a slash if it is a folder. */
class Page {
  readonly entries: ListEntry[] = [];
  /** Behind what was taken. */
  position: string;
  over = false;
  readonly #prefix: string;
  readonly #options: ListOptions;
  #last: string | undefined;
  #complete = false;

  constructor(options: ListOptions) {
    this.#options = options;
    this.#prefix = folderSpan(options.folder).start;
    const { after } = options;
    this.position = after === undefined ? this.#prefix : this.#behind(this.#token(after));
  }

  get room(): number {
    const limit = Math.min(Math.max(this.#options.limit, 1), listPageMax);
    return limit - this.entries.length;
  }

  get next(): string | undefined {
    return this.#complete ? undefined : this.#last;
  }

  /** The last entry is a folder, and there may be more of it that needn't be read. */
  get endsWithFolder(): boolean {
    return this.entries.at(-1)?.kind === 'folder';
  }

  /** Takes what was found from `position` on. Returns how many entries that made. */
  take({ entries: found, more }: Pick<RangeResult, 'entries' | 'more'>): number {
    const before = this.entries.length;
    for (const entry of found) {
      const token = this.#token(entry.key.slice(this.#prefix.length));
      if (token === this.#last) continue;
      if (this.room === 0) {
        this.over = true;
        break;
      }
      this.entries.push(listEntry(token, entry));
      this.#last = token;
      this.position = this.#behind(token);
    }
    if (!more && !this.over) {
      this.over = true;
      this.#complete = true;
    }
    return this.entries.length - before;
  }

  /** On one level a name that goes on behind a slash belongs to the folder before it. */
  #token(name: string): string {
    const slash = this.#options.recursive ? -1 : name.indexOf('/');
    return slash < 0 ? name : name.slice(0, slash + 1);
  }

  /** The first key behind the entry; '0' is what follows the slash. */
  #behind(token: string): string {
    const seek = !this.#options.recursive && token.endsWith('/');
    return this.#prefix + (seek ? `${token.slice(0, -1)}0` : `${token}\0`);
  }
}

/** A damaged record hides neither its own name nor its neighbours. */
function listEntry(token: string, entry: KvEntry): ListEntry {
  if (token.endsWith('/')) return { name: token.slice(0, -1), kind: 'folder' };
  try {
    const { size, modifiedMs } = fileEntry(entry).record;
    return { name: token, kind: 'file', size, modifiedMs };
  } catch (error) {
    if (!isCode(error, 'data_damaged')) throw error;
    return { name: token, kind: 'file' };
  }
}
