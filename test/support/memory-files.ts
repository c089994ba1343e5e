/**
 * `Files` in one process's memory, with the semantics of the real ones: put-if-absent decided at
 * the commit, copies that share a blob, retries recognised by their key. For tests of what lies
 * above.
 */
import { crc32 } from 'node:zlib';
import { DftfsError } from '#base/errors.ts';
import type { BlobId, NodeId, VolumeId } from '#base/ids.ts';
import type {
  ByteRange,
  CallContext,
  FileStat,
  Files,
  ListEntry,
  ListOptions,
  ListPage,
  PutOptions,
  PutResult,
  RemoveResult,
} from '#files/files.ts';
import type { FileEntry } from '#namespace/records.ts';
import { type RequestVerb, requestOfKey } from '#namespace/request.ts';

const missing = (path: string): DftfsError =>
  new DftfsError('path_not_found', `No file has the path ${path}.`, { path });
const taken = (path: string): DftfsError =>
  new DftfsError('path_exists', `${path} is taken; choose another path or remove it first.`, {
    path,
  });

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const isRequestOf = (verb: RequestVerb, key: string | undefined, { record }: FileEntry): boolean =>
  key !== undefined && record.request === requestOfKey(verb, key);

/** `files` with some of its methods replaced: to slow or break what lies below a gateway. */
export function overriding(files: Files, replaced: Partial<Files>): Files {
  return {
    checkAbsent: (...given) => files.checkAbsent(...given),
    put: (...given) => files.put(...given),
    lookup: (...given) => files.lookup(...given),
    read: (...given) => files.read(...given),
    copy: (...given) => files.copy(...given),
    move: (...given) => files.move(...given),
    list: (...given) => files.list(...given),
    remove: (...given) => files.remove(...given),
    removeTree: (...given) => files.removeTree(...given),
    stat: (...given) => files.stat(...given),
    ...replaced,
  };
}

export class MemoryFiles implements Files {
  readonly entries = new Map<string, FileEntry>();
  readonly #blobs = new Map<BlobId, readonly Buffer[]>();
  readonly #outcomes = new Map<string, RemoveResult>();
  #revision = 0;

  /** All paths, in order: to see that nothing else has changed. */
  names(): string[] {
    return [...this.entries.keys()].sort(byBytes);
  }

  /** So many empty files in a folder. */
  async fill(folder: string, count: number): Promise<void> {
    const nothing = (async function* (): AsyncGenerator<Buffer> {})();
    const context = { signal: new AbortController().signal };
    const options = { contentType: 'text/plain', metadata: {} };
    for (let index = 0; index < count; index++) {
      await this.put(`${folder}/${index}`, nothing, options, context);
    }
  }

  content(path: string): Buffer | undefined {
    const entry = this.entries.get(path);
    return entry && Buffer.concat(this.#blobs.get(entry.record.blob) ?? []);
  }

  async checkAbsent(
    path: string,
    idempotencyKey: string | undefined,
    _context: CallContext,
  ): Promise<FileEntry | undefined> {
    const entry = this.entries.get(path);
    if (!entry) return undefined;
    if (isRequestOf('put', idempotencyKey, entry)) return entry;
    throw taken(path);
  }

  async put(
    path: string,
    content: AsyncIterable<Buffer>,
    options: PutOptions,
    context: CallContext,
  ): Promise<PutResult> {
    const chunks: Buffer[] = [];
    let size = 0;
    let crc = 0;
    for await (const chunk of content) {
      context.signal.throwIfAborted();
      chunks.push(Buffer.from(chunk));
      size += chunk.length;
      crc = crc32(chunk, crc);
    }
    options.beforeCommit?.();
    const before = await this.checkAbsent(path, options.idempotencyKey, context);
    if (before) return { entry: before, repeated: true };
    const blob = this.#newBlob(chunks);
    const { contentType, metadata } = options;
    const request = this.#requestOf('put', options.idempotencyKey);
    const modifiedMs = Date.now();
    const record = { size, contentType, metadata, modifiedMs, blob, crc, extents: [], request };
    return { entry: this.#name(path, record), repeated: false };
  }

  async lookup(path: string, _context: CallContext): Promise<FileEntry | undefined> {
    return this.entries.get(path);
  }

  async *read(entry: FileEntry, range: ByteRange, context: CallContext): AsyncGenerator<Buffer> {
    let position = 0;
    for (const chunk of this.#blobs.get(entry.record.blob) ?? []) {
      context.signal.throwIfAborted();
      const start = Math.max(0, range.start - position);
      const end = Math.min(chunk.length, range.end - position);
      if (start < end) yield chunk.subarray(start, end);
      position += chunk.length;
    }
  }

  async copy(
    from: string,
    to: string,
    idempotencyKey: string | undefined,
    context: CallContext,
  ): Promise<FileEntry> {
    const earlier = idempotencyKey === undefined ? undefined : this.entries.get(to);
    if (earlier && isRequestOf('copy', idempotencyKey, earlier)) return earlier;
    const source = this.entries.get(from);
    if (!source) throw missing(from);
    await this.checkAbsent(to, idempotencyKey, context);
    const request = this.#requestOf('copy', idempotencyKey);
    return this.#name(to, { ...source.record, request });
  }

  async move(
    from: string,
    to: string,
    idempotencyKey: string | undefined,
    context: CallContext,
  ): Promise<FileEntry> {
    const source = this.entries.get(from);
    const entry = await this.copy(from, to, idempotencyKey, context);
    if (source) this.entries.delete(from);
    return entry;
  }

  async list(options: ListOptions, _context: CallContext): Promise<ListPage> {
    const prefix = options.folder === '/' ? '/' : `${options.folder}/`;
    const found = new Map<string, ListEntry>();
    for (const path of this.names()) {
      if (!path.startsWith(prefix)) continue;
      const name = path.slice(prefix.length);
      const slash = name.indexOf('/');
      if (slash >= 0 && !options.recursive) {
        const folder = name.slice(0, slash);
        found.set(`${folder}/`, { name: folder, kind: 'folder' });
        continue;
      }
      const { size, modifiedMs } = (this.entries.get(path) as FileEntry).record;
      found.set(name, { name, kind: 'file', size, modifiedMs });
    }
    const { after } = options;
    const keys = [...found.keys()]
      .sort(byBytes)
      .filter((key) => after === undefined || byBytes(key, after) > 0);
    const page = keys.slice(0, options.limit);
    return {
      entries: page.map((key) => found.get(key) as ListEntry),
      next: keys.length > page.length ? page.at(-1) : undefined,
      revision: this.#revision,
    };
  }

  async remove(
    path: string,
    idempotencyKey: string | undefined,
    _context: CallContext,
  ): Promise<RemoveResult> {
    const outcome = idempotencyKey && this.#outcomes.get(`${idempotencyKey} ${path}`);
    if (outcome) return outcome;
    if (!this.entries.delete(path)) throw missing(path);
    this.#revision += 1;
    if (idempotencyKey) this.#outcomes.set(`${idempotencyKey} ${path}`, { removed: 1 });
    return { removed: 1 };
  }

  async removeTree(folder: string, _context: CallContext): Promise<RemoveResult> {
    const prefix = folder === '/' ? '/' : `${folder}/`;
    const doomed = this.names().filter((path) => path === folder || path.startsWith(prefix));
    for (const path of doomed) this.entries.delete(path);
    this.#revision += 1;
    return { removed: doomed.length };
  }

  async stat(path: string, _context: CallContext): Promise<FileStat> {
    const entry = this.entries.get(path);
    if (!entry) throw missing(path);
    const members = ['node-1', 'node-2', 'node-3'].map((node) => ({
      ...{ node: node as NodeId, live: true },
      rebuilding: false,
    }));
    const volume = '00000000000000a1' as VolumeId;
    return {
      entry,
      extents: [{ volume, firstStripe: 0, stripes: 1, k: 1, m: 2, members }],
      lossesSurvivable: 2,
    };
  }

  #newBlob(chunks: readonly Buffer[]): BlobId {
    const blob = (this.#blobs.size + 1).toString(16).padStart(32, '0') as BlobId;
    this.#blobs.set(blob, chunks);
    return blob;
  }

  #requestOf(verb: RequestVerb, key: string | undefined): string {
    return key === undefined ? `operation:${this.#revision + 1}` : requestOfKey(verb, key);
  }

  #name(path: string, record: FileEntry['record']): FileEntry {
    this.#revision += 1;
    const entry = { path, record, revision: this.#revision };
    this.entries.set(path, entry);
    return entry;
  }
}
