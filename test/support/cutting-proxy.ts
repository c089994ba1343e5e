/**
 * A TCP proxy that loses what comes back: from each connection on, as many bytes as `plan` says
 * pass.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** How many bytes of answers pass on the nth connection before it is cut. Infinity: it isn't. */
export type Plan = (connection: number) => number;

export async function cuttingProxy(context: TestContext, to: number, plan: Plan): Promise<string> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((near) => {
    let left = plan(connections++);
    const far = connect(to, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    near.pipe(far);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    far.on('data', (chunk) => {
      const passed = chunk.subarray(0, left);
      left -= passed.length;
      near.write(passed, () => {
        if (left === 0) near.destroy();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}
