/**
 * Answers calls from other nodes. Whatever a peer sends, in whatever amount, this process keeps
 * within its bounds: beyond them it stops reading from that peer. A caller that gave up is not
 * answered.
 */
import { asDftfsError } from '#base/errors.ts';
import type { Connection } from '#io/network.ts';
import { Deadlines } from './deadlines.ts';
import type { RpcDeps } from './deps.ts';
import { handlerTable } from './handling.ts';
import { type RpcIdentity, receive } from './handshake.ts';
import type { RpcHandlers } from './rpc.ts';
import { ServedPeer } from './served-peer.ts';

export interface RpcServerLimits {
  /** Handlers at work for one peer at a time. */
  readonly handlersMax: number;
  /** Bytes of one peer's requests not yet answered, and of answers that it has not yet taken. */
  readonly bufferedBytesMax: number;
  /** Connections that have not yet shown who they are. */
  readonly handshakesMax: number;
  readonly handshakeTimeoutMs: number;
  /** How long `close` waits for calls under way. */
  readonly closeTimeoutMs: number;
}

export const defaultServerLimits: RpcServerLimits = {
  handlersMax: 512,
  bufferedBytesMax: 64 * 1024 * 1024,
  handshakesMax: 64,
  handshakeTimeoutMs: 2_000,
  closeTimeoutMs: 2_000,
};

export interface RpcServerOptions extends RpcIdentity {
  readonly host: string;
  readonly port: number;
  readonly handlers: RpcHandlers;
  readonly limits?: Partial<RpcServerLimits>;
}

export interface RpcServer {
  readonly port: number;
  /** Takes no new calls, lets those under way finish within a bound, then ends every connection. */
  close(): Promise<void>;
}

export async function createRpcServer(
  deps: RpcDeps,
  options: RpcServerOptions,
): Promise<RpcServer> {
  const limits = { ...defaultServerLimits, ...options.limits };
  const shared = {
    deadlines: new Deadlines(deps),
    table: handlerTable(options.handlers, options.incarnation),
  };
  const strangers = new Set<Connection>();
  const peers = new Set<ServedPeer>();
  let closing = false;

  const accept = async (connection: Connection): Promise<void> => {
    if (closing || strangers.size >= limits.handshakesMax) {
      connection.destroy();
      return;
    }
    strangers.add(connection);
    try {
      const greeted = await receive(deps, options, connection, limits.handshakeTimeoutMs);
      const peer = new ServedPeer({ ...deps, ...shared }, greeted, limits);
      peers.add(peer);
      peer.start(() => peers.delete(peer));
      if (closing) peer.refuseCalls();
    } catch (error) {
      deps.log.warn('rpc connection refused', { reason: asDftfsError(error).message });
    } finally {
      strangers.delete(connection);
    }
  };

  const listener = await deps.network.listen(options.host, options.port, (connection) => {
    void accept(connection);
  });
  return {
    port: listener.port,
    close: async () => {
      closing = true;
      for (const connection of strangers) connection.destroy();
      for (const peer of peers) peer.refuseCalls();
      await listener.close();
      const until = deps.clock.now() + limits.closeTimeoutMs;
      while ([...peers].some((peer) => peer.busy) && deps.clock.now() < until) {
        await deps.timers.sleep(5);
      }
      for (const peer of peers) peer.close('this node is closing');
    },
  };
}
