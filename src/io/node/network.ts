/**
 * TCP on Node. Writes are gathered: all that is written to a connection in one turn of the event
 * loop leaves in one system call, because for small frames the call costs more than their bytes.
 */
import { createServer, type Socket, connect as tcpConnect } from 'node:net';
import type { Connection, ConnectionHandlers, Listener, Network } from '../network.ts';

/** Gathered bytes that are sent without waiting for the turn's end. */
const gatherBytes = 256 * 1024;
/** Unsent bytes above which `write` says: wait. */
const highWaterMark = 1024 * 1024;
/** A peer whose machine is gone is found out after some probes, even when nothing is being sent. */
const keepAliveDelayMs = 10_000;

export function createNodeNetwork(): Network {
  return { listen, connect };
}

function listen(
  host: string,
  port: number,
  accept: (connection: Connection) => void,
): Promise<Listener> {
  const server = createServer(
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs, highWaterMark },
    (socket) => accept(new NodeConnection(socket)),
  );
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      // An accept that fails (out of file descriptors) must not end the process; the next may
      // succeed.
      server.on('error', () => {});
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        // The port is free at once; accepted connections belong to whoever accepted them.
        close: async () => void server.close(),
      });
    });
  });
}

function connect(host: string, port: number, timeoutMs: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const options = {
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveDelayMs,
      highWaterMark,
    };
    const socket = tcpConnect(options);
    const timer = setTimeout(() => {
      const error = new Error(`no connection to ${host}:${port} in ${timeoutMs} ms`);
      socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    timer.unref();
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      const connection = new NodeConnection(socket);
      socket.off('error', fail);
      resolve(connection);
    });
  });
}

class NodeConnection implements Connection {
  readonly remote: string;
  readonly #socket: Socket;
  #handlers: ConnectionHandlers | undefined;
  #error: Error | undefined;
  #closed = false;
  #corkedAt: number | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.remote = `${socket.remoteAddress}:${socket.remotePort}`;
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => {
      this.#closed = true;
      this.#handlers?.onClose(this.#error);
    });
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** Bytes that arrive before there are handlers stay in the kernel. */
  handle(handlers: ConnectionHandlers): void {
    const first = this.#handlers === undefined;
    this.#handlers = handlers;
    if (this.#closed) {
      handlers.onClose(this.#error);
    } else if (first) {
      this.#socket.on('drain', () => this.#handlers?.onDrain());
      this.#socket.on('data', (chunk: Buffer) => this.#handlers?.onData(chunk));
    }
  }

  write(parts: readonly Buffer[]): boolean {
    const socket = this.#socket;
    if (!socket.writable) return false;
    if (this.#corkedAt === undefined) {
      this.#corkedAt = socket.writableLength;
      socket.cork();
      setImmediate(this.#flush);
    }
    for (const part of parts) socket.write(part);
    if (socket.writableLength - this.#corkedAt >= gatherBytes) {
      socket.uncork();
      socket.cork();
      this.#corkedAt = socket.writableLength;
    }
    return !socket.writableNeedDrain;
  }

  readonly #flush = (): void => {
    this.#corkedAt = undefined;
    this.#socket.uncork();
  };

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
