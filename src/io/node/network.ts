/**
 * TCP on Node. Writes are gathered: all that is written to a connection in one turn of the event
 * loop leaves in one system call, because for small frames the call costs more than their bytes.
 */
import { createServer, type Server, type Socket, connect as tcpConnect } from 'node:net';
import type { Connection, ConnectionHandlers, Listener, Network } from '../network.ts';

/** What connections of both kinds are made with. */
export const socketOptions = {
  noDelay: true,
  keepAlive: true,
  // A peer whose machine is gone is found out after some probes, even when nothing is being sent.
  keepAliveInitialDelay: 10_000,
  // Unsent bytes above which `write` says: wait.
  highWaterMark: 1024 * 1024,
};

/** Gathered bytes that are sent without waiting for the turn's end. */
const gatherBytes = 256 * 1024;

export function createNodeNetwork(): Network {
  return { listen, connect };
}

function listen(
  host: string,
  port: number,
  accept: (connection: Connection) => void,
): Promise<Listener> {
  const server = createServer(socketOptions, (socket) => accept(new NodeConnection(socket)));
  return listening(server, host, port);
}

export function listening(server: Server, host: string, port: number): Promise<Listener> {
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
  const socket = tcpConnect({ host, port, ...socketOptions });
  return opened(socket, { event: 'connect', timeoutMs, what: `${host}:${port}` }, () => {
    return new NodeConnection(socket);
  });
}

export interface Opening {
  readonly event: 'connect' | 'secureConnect';
  readonly timeoutMs: number;
  readonly what: string;
}

/** What `make` returns when the socket is open; if it ends before, or `make` throws, rejects. */
export function opened<T>(
  socket: Socket,
  { event, timeoutMs, what }: Opening,
  make: () => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = new Error(`no connection to ${what} in ${timeoutMs} ms`);
      socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    timer.unref();
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    socket.once('error', fail);
    socket.once(event, () => {
      clearTimeout(timer);
      try {
        resolve(make());
        socket.off('error', fail);
      } catch (error) {
        reject(error);
        socket.destroy();
      }
    });
  });
}

export class NodeConnection implements Connection {
  readonly remote: string;
  readonly certified: string | undefined;
  readonly #socket: Socket;
  #handlers: ConnectionHandlers | undefined;
  #error: Error | undefined;
  #closed = false;
  #corkedAt: number | undefined;

  constructor(socket: Socket, certified?: string) {
    this.#socket = socket;
    this.certified = certified;
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
