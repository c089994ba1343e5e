/**
 * The storage as an application sees it: four verbs and a few more, over any number of endpoints.
 * It retries what is safe to retry, at another endpoint when one fails, and says in types what
 * went wrong. Writes carry an idempotency key, so a retry of a success is a success.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { DftfsError } from '#base/errors.ts';
import { parseFilePath, parseFolderPath } from '#base/path.ts';
import type { Operation } from './attempts.ts';
import { Connection, type ConnectionOptions, query, reading, writing } from './connection.ts';
import { Download, type FileInfo } from './download.ts';
import { storageError } from './errors.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface WriteOptions extends CallOptions {
  /** Default: a new one a call. */
  readonly idempotencyKey?: string;
}

export interface PutOptions extends WriteOptions {
  readonly contentType?: string;
  /** Names and values in printable ASCII. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface RangeOptions extends CallOptions {
  readonly start?: number;
  /** Exclusive. */
  readonly end?: number;
  /** Only of the file with this etag; else PreconditionFailedError. */
  readonly ifMatch?: string;
}

export interface ListOptions extends CallOptions {
  readonly recursive?: boolean;
}

export interface RemoveOptions extends WriteOptions {
  /** Everything under the path too. */
  readonly recursive?: boolean;
}

export interface PutInfo {
  readonly path: string;
  readonly size: number;
  readonly etag: string;
  /** Of the content, in hex. */
  readonly crc32: string;
}

export interface ListEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder';
  readonly size?: number;
  readonly modified?: string;
}

/** What `GET /stat` tells. */
export interface FileStat extends PutInfo {
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly modified: string;
  /** More losses of nodes that the file survives right now. */
  readonly lossesSurvivable: number;
  readonly extents: readonly FileExtent[];
}

/** A run of a file's stripes: k of its members are enough to read it. */
export interface FileExtent {
  readonly volume: string;
  readonly firstStripe: number;
  readonly stripes: number;
  readonly k: number;
  readonly m: number;
  /** By slot. */
  readonly members: readonly FileMember[];
}

export interface FileMember {
  readonly node: string;
  readonly live: boolean;
  /** It doesn't hold everything yet. */
  readonly rebuilding: boolean;
}

/** Bytes once, or a way to begin anew, which makes an upload repeatable. */
export type PutSource = AsyncIterable<Uint8Array> | (() => AsyncIterable<Uint8Array>);

export class Storage {
  readonly #connection: Connection;

  constructor(endpoints: readonly string[], options: Partial<ConnectionOptions> = {}) {
    this.#connection = new Connection(endpoints, options);
  }

  /** Errors: PathExistsError, InvalidPathError. */
  async put(path: string, bytes: Uint8Array | string, options: PutOptions = {}): Promise<PutInfo> {
    const content = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    const digest = createHash('sha256').update(content).digest('base64');
    const headers = { ...putHeaders(options), 'Content-Digest': `sha-256=:${digest}:` };
    return this.#put(path, () => content, headers, true, options);
  }

  /** Of any length. Tried again after a failure only if `source` is a function. */
  async putStream(path: string, source: PutSource, options: PutOptions = {}): Promise<PutInfo> {
    const repeatable = typeof source === 'function';
    const body = repeatable ? source : () => source;
    return this.#put(path, body, putHeaders(options), repeatable, options);
  }

  /** Errors: PathNotFoundError. */
  async get(path: string, options: RangeOptions = {}): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of await this.getStream(path, options)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** The bytes as they come; an interrupted download goes on at another endpoint. */
  async getStream(path: string, options: RangeOptions = {}): Promise<Download> {
    const name = checked(() => parseFilePath(path), path);
    const { start = 0, end, ifMatch, signal } = options;
    const ask = (from: number, etag: string | undefined): Promise<IncomingMessage> => {
      const headers: Record<string, string> = etag === undefined ? {} : { 'If-Match': etag };
      if (from > 0 || end !== undefined) {
        headers.Range = `bytes=${from}-${end === undefined ? '' : end - 1}`;
      }
      const operation = reading(name, `/path?${query({ path: name })}`, headers);
      return this.#connection.run(operation, signal);
    };
    return new Download(name, start, await ask(start, ifMatch), ask);
  }

  async exists(path: string, options: CallOptions = {}): Promise<boolean> {
    const name = checked(() => parseFilePath(path), path);
    const operation = reading(name, `/exists?${query({ path: name })}`);
    return (await this.#connection.whole(operation, options.signal)).toString() === '1';
  }

  /** Errors: PathNotFoundError, PathExistsError. */
  async copy(source: string, destination: string, options: WriteOptions = {}): Promise<PutInfo> {
    return this.#transfer('/copy', source, destination, options);
  }

  /** Errors: PathNotFoundError, PathExistsError. */
  async move(source: string, destination: string, options: WriteOptions = {}): Promise<PutInfo> {
    return this.#transfer('/move', source, destination, options);
  }

  /** How many files are gone. Errors: PathNotFoundError. */
  async rm(path: string, options: RemoveOptions = {}): Promise<number> {
    const { recursive = false, signal } = options;
    const parse = recursive ? parseFolderPath : parseFilePath;
    const name = checked(() => parse(path), path);
    const target = `/rm?${query({ path: name, ...(recursive ? { recursive: 'true' } : {}) })}`;
    const operation = writing('POST', name, target, keyHeader(options));
    return (await this.#json<{ readonly removed: number }>(operation, signal)).removed;
  }

  /** What is in a folder, in the order of bytes. Errors: PathNotFoundError. */
  async *ls(folder = '/', options: ListOptions = {}): AsyncGenerator<ListEntry> {
    const path = checked(() => parseFolderPath(folder), folder);
    const recursive = options.recursive ? { recursive: 'true' } : {};
    let after: string | undefined;
    do {
      const names = { path, ...recursive, ...(after === undefined ? {} : { after }) };
      const page: { readonly entries: ListEntry[]; readonly next?: string } = await this.#json(
        reading(path, `/ls?${query(names)}`),
        options.signal,
      );
      yield* page.entries;
      after = page.next;
    } while (after !== undefined);
  }

  /** Errors: PathNotFoundError. */
  async stat(path: string, options: CallOptions = {}): Promise<FileStat> {
    const name = checked(() => parseFilePath(path), path);
    return this.#json<FileStat>(reading(name, `/stat?${query({ path: name })}`), options.signal);
  }

  /** Ends kept connections. */
  close(): void {
    this.#connection.close();
  }

  async #put(
    path: string,
    body: () => Uint8Array | AsyncIterable<Uint8Array>,
    headers: Record<string, string>,
    repeatable: boolean,
    { signal }: PutOptions,
  ): Promise<PutInfo> {
    const name = checked(() => parseFilePath(path), path);
    const operation = writing('PUT', name, `/path?${query({ path: name })}`, headers);
    return this.#json<PutInfo>({ ...operation, body, repeatable }, signal);
  }

  async #transfer(
    endpoint: string,
    source: string,
    destination: string,
    options: WriteOptions,
  ): Promise<PutInfo> {
    const from = checked(() => parseFilePath(source), source);
    const to = checked(() => parseFilePath(destination), destination);
    const target = `${endpoint}?${query({ source_path: from, destination_path: to })}`;
    return this.#json<PutInfo>(writing('POST', to, target, keyHeader(options)), options.signal);
  }

  #json<T>(operation: Operation, signal: AbortSignal | undefined): Promise<T> {
    return this.#connection.json<T>(operation, signal);
  }
}

const keyHeader = ({ idempotencyKey = randomUUID() }: WriteOptions): Record<string, string> => ({
  'Idempotency-Key': idempotencyKey,
});

function putHeaders(options: PutOptions): Record<string, string> {
  const headers = keyHeader(options);
  headers['Content-Type'] = options.contentType ?? 'application/octet-stream';
  for (const [name, value] of Object.entries(options.metadata ?? {})) {
    headers[`X-Meta-${name}`] = value;
  }
  return headers;
}

/** A path is judged here as the server would. */
function checked(parse: () => string, path: string): string {
  try {
    return parse();
  } catch (error) {
    if (error instanceof DftfsError) throw storageError(error.message, { code: error.code, path });
    throw error;
  }
}

export type { Download, FileInfo };
