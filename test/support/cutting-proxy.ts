/**
 * A TCP proxy that loses what passes through it: of each connection as many bytes arrive as `plan`
 * says, then it is cut.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** Bytes that pass before the cut. Infinity: it isn't cut. */
export interface Passing {
  readonly asked: number;
  readonly answered: number;
}

/** For the nth connection; a number alone is that of answers. */
export type Plan = (connection: number) => number | Passing;

export async function cuttingProxy(
  context: Pick<TestContext, 'after'>,
  to: number,
  plan: Plan,
): Promise<string> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((near) => {
    const planned = plan(connections++);
    const { asked, answered } =
      typeof planned === 'number'
        ? { asked: Number.POSITIVE_INFINITY, answered: planned }
        : planned;
    const far = connect(to, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    pass(near, far, asked, () => far.resetAndDestroy());
    pass(far, near, answered, () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

function pass(from: Socket, to: Socket, bytes: number, cut: () => void): void {
  if (bytes === Number.POSITIVE_INFINITY) {
    from.pipe(to);
    return;
  }
  let left = bytes;
  from.on('data', (chunk) => {
    const passed = chunk.subarray(0, left);
    left -= passed.length;
    to.write(passed, () => {
      if (left === 0) cut();
    });
  });
}
