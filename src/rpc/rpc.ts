/**
 * Node-to-node calls: one persistent connection a pair of processes and direction, many calls on it
 * at once. A call is a method name, a small head (any plain value, Buffers included; packed with
 * msgpack) and a raw body that is passed on without being copied. This room knows no service:
 * methods and their shapes are in `protocol/`.
 *
 * Errors a caller sees: `peer_unreachable` (no connection: outcome 'none' if the request was never
 * sent, else 'maybe'), `deadline_exceeded`, `canceled`, `overloaded` (too many bytes or calls in
 * flight), and whatever DftfsError the handler threw, with its code and outcome.
 */
import type { NodeId } from '#base/ids.ts';

/** Chunks as they came from the socket or disk; their concatenation is the body. */
export type Body = readonly Buffer[];
export const emptyBody: Body = [];

/** Every process answers this one, with {incarnation}. */
export const pingMethod = 'rpc.ping';

export interface RpcMessage {
  readonly head: unknown;
  readonly body: Body;
}

export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface RpcRequest {
  readonly method: string;
  readonly head: unknown;
  readonly body?: Body;
}

export interface RpcClient {
  call(peer: NodeId, request: RpcRequest, options: CallOptions): Promise<RpcMessage>;
  /**
   * Fails every call under way to the peer with `peer_unreachable` (outcome 'maybe') and drops the
   * connection; the next call connects anew.
   */
  drop(peer: NodeId, reason: string): void;
  close(): void;
}

export interface HandlerContext {
  readonly peer: NodeId;
  /** Aborts when the caller's deadline has passed, it canceled, or its connection is lost. */
  readonly signal: AbortSignal;
}

export type RpcHandler = (
  head: unknown,
  body: Body,
  context: HandlerContext,
) => Promise<{ readonly head: unknown; readonly body?: Body }>;

export type RpcHandlers = Readonly<Record<string, RpcHandler>>;

export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

export type ResolvePeer = (peer: NodeId) => PeerAddress | undefined;

export const bodyLength = (body: Body): number => body.reduce((sum, part) => sum + part.length, 0);
