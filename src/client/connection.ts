/** The endpoints of one cluster, and how they are asked. */
import type { IncomingMessage } from 'node:http';
import { Attempts, type Operation } from './attempts.ts';
import { Transport } from './transport.ts';

export interface ConnectionOptions {
  /** How often an operation is tried before it is given up. */
  readonly triesMax: number;
  /** Without a byte in either direction for so long, a try has failed. */
  readonly idleMs: number;
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  /** Sent with every request, as `Authorization: Bearer`. */
  readonly token: string | undefined;
  /** For https: certificates as PEM, whose signature alone counts; undefined: what Node trusts. */
  readonly ca: string | undefined;
}

const defaults: ConnectionOptions = {
  triesMax: 8,
  idleMs: 10_000,
  backoffMs: 50,
  backoffMaxMs: 2_000,
  token: undefined,
  ca: undefined,
};

const answerBytesMax = 16 * 1024 * 1024;

export class Connection {
  readonly #transport: Transport;
  readonly #attempts: Attempts;

  constructor(endpoints: readonly string[], options: Partial<ConnectionOptions>) {
    const whole = { ...defaults, ...options };
    if (endpoints.length === 0) throw new TypeError('At least one endpoint is needed.');
    this.#transport = new Transport(whole);
    const urls = endpoints.map((endpoint) => new URL(endpoint));
    this.#attempts = new Attempts(urls, this.#transport, whole);
  }

  /** A successful answer, its body unread. Throws StorageError. */
  run(operation: Operation, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    return this.#attempts.run(operation, signal);
  }

  /** The body of a successful answer. Throws StorageError. */
  whole(operation: Operation, signal: AbortSignal | undefined): Promise<Buffer> {
    return this.#attempts.whole(operation, answerBytesMax, signal);
  }

  async json<T>(operation: Operation, signal: AbortSignal | undefined): Promise<T> {
    return JSON.parse((await this.whole(operation, signal)).toString()) as T;
  }

  /** Ends kept connections. */
  close(): void {
    this.#transport.close();
  }
}

export const query = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');

export const reading = (path: string | undefined, target: string, headers = {}): Operation => {
  return { method: 'GET', path, target, headers, writes: false, repeatable: true };
};

export const writing = (
  method: string,
  path: string | undefined,
  target: string,
  headers: Readonly<Record<string, string>>,
): Operation => ({ method, path, target, headers, writes: true, repeatable: true });
