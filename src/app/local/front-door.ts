/**
 * The front door: one listening socket on the public port, opened once and inherited by every node.
 * The kernel gives each connection to a process that accepts, so the death of any of them closes
 * nothing.
 */
import { createServer } from 'node:net';
import { LaunchError } from './launch-error.ts';

const backlog = 1024;

/**
 * Opens the socket, hands its descriptor to `start`, and closes it here. `start` must not wait:
 * this process would accept connections meanwhile that it can't serve.
 *
 * The socket allows others (SO_REUSEPORT), so that a node can have one of its own if need be.
 */
export function withFrontDoor<T>(host: string, port: number, start: (fd: number) => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new LaunchError(`port ${port} is in use by another program: name another with --port`)
          : error,
      );
    });
    server.listen({ host, port, backlog, reusePort: true }, () => {
      try {
        resolve(start(descriptorOf(server)));
      } catch (error) {
        reject(error);
      } finally {
        server.close();
      }
    });
  });
}

/** Node has no public way to a listening socket's descriptor. */
function descriptorOf(server: object): number {
  const { fd } = (server as { _handle: { fd: number } })._handle;
  if (!Number.isInteger(fd) || fd < 0) throw new Error('the socket has no descriptor');
  return fd;
}
