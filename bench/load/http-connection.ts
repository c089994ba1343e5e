/**
 * One keep-alive HTTP/1.1 connection that costs as little as it can, so that a benchmark measures
 * the server: prebuilt requests go out as they are, and of an answer only status and length are
 * read.
 */
import net from 'node:net';

export interface Answer {
  readonly status: number;
  readonly bodyBytes: number;
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

const headEnd = Buffer.from('\r\n\r\n');

export class HttpConnection {
  private readonly socket: net.Socket;
  private waiting: Waiting | undefined;
  private head: Buffer = Buffer.alloc(0);
  private status = 0;
  private length = 0;
  private remaining = -1;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', () => {});
    socket.on('close', () => this.fail(new Error('connection closed')));
  }

  static open(host: string, port: number): Promise<HttpConnection> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpConnection>();
    const socket = net.connect({ host, port });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(new HttpConnection(socket));
    });
    return promise;
  }

  /** One request at a time. */
  send(parts: readonly Buffer[]): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.waiting = { resolve, reject };
    this.socket.cork();
    for (const part of parts) this.socket.write(part);
    this.socket.uncork();
    return promise;
  }

  close(): void {
    this.socket.destroy();
  }

  private fail(error: Error): void {
    this.waiting?.reject(error);
    this.waiting = undefined;
  }

  private take(chunk: Buffer): void {
    if (this.remaining < 0) {
      const joined = this.head.length === 0 ? chunk : Buffer.concat([this.head, chunk]);
      const end = joined.indexOf(headEnd);
      if (end < 0) {
        this.head = joined;
        return;
      }
      this.readHead(joined.toString('latin1', 0, end));
      this.head = Buffer.alloc(0);
      this.remaining -= joined.length - end - headEnd.length;
    } else {
      this.remaining -= chunk.length;
    }
    if (this.remaining <= 0) this.finish();
  }

  private readHead(head: string): void {
    this.status = Number(head.slice(9, 12));
    const match = /\r\ncontent-length: *(\d+)/i.exec(head);
    this.length = match?.[1] === undefined ? 0 : Number(match[1]);
    this.remaining = this.length;
  }

  private finish(): void {
    this.remaining = -1;
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve({ status: this.status, bodyBytes: this.length });
  }
}

export const request = (
  method: string,
  target: string,
  body: Buffer | undefined,
  token?: string,
): Buffer[] => {
  const shown = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`;
  const length = body === undefined ? '' : `Content-Length: ${body.length}\r\n`;
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: bench\r\n${shown}${length}\r\n`);
  return body === undefined ? [head] : [head, body];
};
