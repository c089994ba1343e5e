/**
 * A file's bytes as they come. When the connection breaks, the rest is asked for at another
 * endpoint, on condition that the file is still the same.
 */
import type { IncomingMessage } from 'node:http';
import { UnavailableError } from './errors.ts';

export interface FileInfo {
  readonly path: string;
  /** Of the whole file. */
  readonly size: number;
  readonly etag: string;
  /** Of the whole file, in hex; undefined: the server doesn't say. */
  readonly crc32: string | undefined;
  readonly contentType: string;
  readonly modified: Date;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Asks for bytes from `start` on, of the file with `etag` if one is given. */
export type Ask = (start: number, etag: string | undefined) => Promise<IncomingMessage>;

/** How often in a row a download may break without having brought a byte. */
const breaksMax = 5;

export class Download implements AsyncIterable<Buffer> {
  readonly info: FileInfo;
  readonly #ask: Ask;
  #response: IncomingMessage;
  #position: number;

  constructor(path: string, start: number, first: IncomingMessage, ask: Ask) {
    this.info = infoOf(path, first);
    this.#response = first;
    this.#position = start;
    this.#ask = ask;
  }

  /** Nothing of it is wanted after all. */
  cancel(): void {
    this.#response.destroy();
  }

  /** Once only. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const end = this.#position + Number(this.#response.headers['content-length'] ?? 0);
    let breaks = 0;
    try {
      while (this.#position < end) {
        const before = this.#position;
        let cause: unknown;
        try {
          yield* this.#rest();
        } catch (error) {
          cause = error;
        }
        if (this.#position >= end) return;
        breaks = this.#position > before ? 0 : breaks + 1;
        if (breaks > breaksMax) throw this.#broken(cause);
        this.#response = await this.#ask(this.#position, this.info.etag);
      }
    } finally {
      this.#response.destroy();
    }
  }

  async *#rest(): AsyncGenerator<Buffer> {
    for await (const chunk of this.#response) {
      this.#position += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  }

  #broken(cause: unknown): UnavailableError {
    const { path } = this.info;
    return new UnavailableError('The download broke off.', { code: 'unavailable', path, cause });
  }
}

const metadataPrefix = 'x-meta-';

function infoOf(path: string, { headers }: IncomingMessage): FileInfo {
  const total = headers['content-range']?.split('/')[1];
  const metadata: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(metadataPrefix))
      metadata[name.slice(metadataPrefix.length)] = String(value);
  }
  return {
    path,
    size: Number(total ?? headers['content-length'] ?? 0),
    etag: headers.etag ?? '',
    crc32: headers['x-content-crc32']?.toString(),
    contentType: headers['content-type'] ?? 'application/octet-stream',
    modified: new Date(headers['last-modified'] ?? 0),
    metadata,
  };
}
