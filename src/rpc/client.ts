/** Calls to other nodes by their id, over one connection each, and to this node without any. */
import { DftfsError } from '#base/errors.ts';
import type { NodeId } from '#base/ids.ts';
import { Deadlines } from './deadlines.ts';
import type { RpcDeps } from './deps.ts';
import { handlerTable } from './handling.ts';
import type { RpcIdentity } from './handshake.ts';
import { LocalCalls } from './local-calls.ts';
import { type ChannelLimits, defaultChannelLimits, PeerChannel } from './peer-channel.ts';
import type { ResolvePeer, RpcClient, RpcHandlers } from './rpc.ts';

export interface RpcClientOptions extends RpcIdentity {
  readonly resolve: ResolvePeer;
  /**
   * Answers this node's calls to itself; without, they go to the address of its id like any others.
   */
  readonly local?: RpcHandlers;
  readonly limits?: Partial<ChannelLimits>;
}

export interface NodeRpcClient extends RpcClient {
  /** Which run of the peer's process the last handshake was with. */
  incarnationOf(peer: NodeId): string | undefined;
}

export function createRpcClient(deps: RpcDeps, options: RpcClientOptions): NodeRpcClient {
  const limits = { ...defaultChannelLimits, ...options.limits };
  const shared = { ...deps, deadlines: new Deadlines(deps) };
  const channels = new Map<NodeId, PeerChannel>();
  const { self, local } = options;
  const toSelf =
    local &&
    new LocalCalls(shared, {
      self,
      table: handlerTable(local, options.incarnation),
      callsMax: limits.callsMax,
    });
  let closed = false;

  const channelTo = (peer: NodeId): PeerChannel => {
    const known = channels.get(peer);
    if (known !== undefined) return known;
    const channel = new PeerChannel(peer, shared, options, limits);
    channels.set(peer, channel);
    return channel;
  };

  return {
    call: (peer, request, callOptions) => {
      if (closed) return Promise.reject(closedError());
      if (toSelf !== undefined && peer === self) return toSelf.call(request, callOptions);
      return channelTo(peer).call(request, callOptions);
    },
    drop: (peer, reason) => channels.get(peer)?.drop(reason),
    close: () => {
      closed = true;
      for (const channel of channels.values()) channel.drop('this node is closing');
    },
    incarnationOf: (peer) => channels.get(peer)?.incarnation,
  };
}

const closedError = (): DftfsError =>
  new DftfsError('peer_unreachable', 'This node is closing.', { outcome: 'none' });
