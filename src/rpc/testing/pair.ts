/**
 * For tests: a client and a server that speak to each other over loopback, and what they logged.
 */
import type { TestContext } from 'node:test';
import { type NodeId, nodeId } from '#base/ids.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { createLogger } from '#observe/log.ts';
import { createRpcClient, type NodeRpcClient, type RpcClientOptions } from '../client.ts';
import type { RpcIdentity } from '../handshake.ts';
import type { RpcHandlers } from '../rpc.ts';
import { createRpcServer, type RpcServer, type RpcServerOptions } from '../server.ts';

export const near: NodeId = nodeId('near');
export const far: NodeId = nodeId('far');

export const identityOf = (self: NodeId): RpcIdentity => ({
  self,
  incarnation: `${self}-1`,
  clusterId: 'cluster',
  secret: Buffer.from('the secret of this cluster'),
});

export const lines: string[] = [];
const log = createLogger(
  (line) => lines.push(line),
  () => 0,
  'debug',
);
export const deps = { ...createNodeWorld(), log };

export interface Pair {
  readonly client: NodeRpcClient;
  readonly server: RpcServer;
}

export async function startServer(
  t: TestContext,
  handlers: RpcHandlers,
  options: Partial<RpcServerOptions> = {},
): Promise<RpcServer> {
  const where = { host: '127.0.0.1', port: 0 };
  const server = await createRpcServer(deps, {
    ...identityOf(far),
    ...where,
    handlers,
    ...options,
  });
  t.after(() => server.close());
  return server;
}

/** However busy the machine, a connection comes about. */
const patient = { connectTimeoutMs: 20_000, handshakeTimeoutMs: 20_000 };

export function startClient(
  t: TestContext,
  port: number,
  options: Partial<RpcClientOptions> = {},
): NodeRpcClient {
  const resolve = () => ({ host: '127.0.0.1', port });
  const client = createRpcClient(deps, {
    ...{ ...identityOf(near), resolve, ...options },
    limits: { ...patient, ...options.limits },
  });
  t.after(() => client.close());
  return client;
}

export async function startPair(t: TestContext, handlers: RpcHandlers): Promise<Pair> {
  const server = await startServer(t, handlers);
  return { server, client: startClient(t, server.port) };
}

/** Resolves once the condition holds; fails after a generous bound. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 2_000; tries += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`never came true: ${what}`);
}
