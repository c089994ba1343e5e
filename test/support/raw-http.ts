/**
 * HTTP by the byte: sends what it is told, reads what comes. For what no proper client would
 * send.
 */
import { connect, type Socket } from 'node:net';

export interface RawResponse {
  readonly version: string;
  readonly status: number;
  /** Names in lower case; repeated fields joined with ', '. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

const headEnd = Buffer.from('\r\n\r\n');
const waitMsDefault = 8000;

/** One connection. Every wait is bounded. */
export class RawConnection {
  readonly socket: Socket;
  /** What came and wasn't read yet. */
  #buffer = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | undefined;
  readonly #waitMs: number;

  constructor(port: number, host = '127.0.0.1', waitMs = waitMsDefault) {
    this.#waitMs = waitMs;
    this.socket = connect({ port, host, allowHalfOpen: true });
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#wake?.();
    });
    const over = () => {
      this.#ended = true;
      this.#wake?.();
    };
    this.socket.on('end', over);
    this.socket.on('close', over);
    this.socket.on('error', over);
  }

  send(data: string | Buffer): void {
    this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  }

  /** No more will be sent. */
  finish(): void {
    this.socket.end();
  }

  close(): void {
    this.socket.destroy();
  }

  /** The next response; 1xx ones too. `bodyless`: the answer to a HEAD. */
  async response(bodyless = false): Promise<RawResponse> {
    const end = await this.#until(() => this.#buffer.indexOf(headEnd), 'the head of a response');
    const [statusLine = '', ...lines] = this.#take(end + 4)
      .toString('latin1')
      .trim()
      .split('\r\n');
    const [, version = '', status = '0'] = /^HTTP\/(\S+) (\d{3})/.exec(statusLine) ?? [];
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      const earlier = headers.get(name);
      headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
    }
    const code = Number(status);
    const empty = bodyless || code < 200 || code === 204 || code === 304;
    const body = empty ? Buffer.alloc(0) : await this.#body(headers);
    return { version, status: code, headers, body };
  }

  /** Resolves when the other side has ended the connection. */
  async ended(): Promise<void> {
    await this.#until(() => (this.#ended ? 0 : -1), 'the end of the connection');
  }

  /** All that comes and wasn't read yet, to the end of the connection. */
  async rest(): Promise<Buffer> {
    await this.ended();
    return this.#take(this.#buffer.length);
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  async #body(headers: ReadonlyMap<string, string>): Promise<Buffer> {
    if (headers.get('transfer-encoding') === 'chunked') return this.#chunks();
    const length = Number(headers.get('content-length') ?? 0);
    await this.#until(() => (this.#buffer.length >= length ? 0 : -1), `${length} bytes of body`);
    return this.#take(length);
  }

  async #chunks(): Promise<Buffer> {
    const parts: Buffer[] = [];
    while (true) {
      const end = await this.#until(() => this.#buffer.indexOf('\r\n'), 'a chunk');
      const size = Number.parseInt(this.#take(end + 2).toString('latin1'), 16);
      await this.#until(() => (this.#buffer.length >= size + 2 ? 0 : -1), 'a whole chunk');
      parts.push(this.#take(size));
      this.#take(2);
      if (size === 0) return Buffer.concat(parts);
    }
  }

  #take(count: number): Buffer {
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  /** Waits until `find` gives 0 or more. */
  async #until(find: () => number, what: string): Promise<number> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake?.();
    }, this.#waitMs);
    try {
      while (true) {
        const found = find();
        if (found >= 0) return found;
        if (this.#ended) throw new Error(`the connection ended before ${what}`);
        if (late) throw new Error(`waited ${this.#waitMs} ms for ${what}`);
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Sends the bytes on a connection of their own and returns the first response that isn't a 1xx. */
export async function rawRequest(port: number, data: string | Buffer): Promise<RawResponse> {
  const connection = new RawConnection(port);
  try {
    connection.send(data);
    const bodyless = data.toString('latin1').startsWith('HEAD ');
    let response = await connection.response(bodyless);
    while (response.status < 200) response = await connection.response(bodyless);
    return response;
  } finally {
    connection.close();
  }
}

export const codeOf = (response: RawResponse): string | undefined => {
  if (!response.headers.get('content-type')?.startsWith('application/problem+json'))
    return undefined;
  return (JSON.parse(response.body.toString()) as { code: string }).code;
};
