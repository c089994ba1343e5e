/**
 * The client's side towards one peer: a connection made on demand, and the calls on it. Calls that
 * find no connection, or more bytes in flight than allowed, wait their turn, up to their own
 * deadline.
 */
import { asDftfsError, DftfsError, type Outcome } from '#base/errors.ts';
import type { NodeId } from '#base/ids.ts';
import { frameBodyBytesMax } from '#base/limits.ts';
import { currentScope, outOfScope } from '#observe/request-scope.ts';
import { scopeOnWire } from './call-scope.ts';
import { type CallWatcher, watchCall } from './call-watcher.ts';
import type { Deadlines } from './deadlines.ts';
import type { RpcDeps } from './deps.ts';
import { errorFromWire } from './errors-on-the-wire.ts';
import { bareFrame, expectReplies, frameKinds, packFrame, sealFrame } from './frame.ts';
import type { Frame } from './frame-parser.ts';
import type { FrameStream } from './frame-stream.ts';
import { type Greeted, greet, type RpcIdentity } from './handshake.ts';
import { checkOptions, PendingCall } from './pending-call.ts';
import type { ResolvePeer, RpcMessage, RpcRequest } from './rpc.ts';
import { type Body, bodyLength, type CallOptions, emptyBody } from './rpc.ts';
import type { PeerMeter } from './rpc-metrics.ts';

export interface ChannelLimits {
  /** Calls to one peer, waiting ones included, before the next is told `overloaded`. */
  readonly callsMax: number;
  /** Bytes of requests to one peer that are sent and not yet answered. */
  readonly bytesInFlightMax: number;
  readonly connectTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  /** A connection on which calls expire and nothing came for so long is given up. */
  readonly silenceMaxMs: number;
}

export const defaultChannelLimits: ChannelLimits = {
  callsMax: 4096,
  bytesInFlightMax: 32 * 1024 * 1024,
  connectTimeoutMs: 500,
  handshakeTimeoutMs: 500,
  silenceMaxMs: 10_000,
};

export interface ChannelDeps extends RpcDeps {
  readonly deadlines: Deadlines;
}

export interface ChannelOptions extends RpcIdentity {
  readonly resolve: ResolvePeer;
}

export class PeerChannel {
  readonly peer: NodeId;
  readonly #deps: ChannelDeps;
  readonly #options: ChannelOptions;
  readonly #limits: ChannelLimits;
  readonly #meter: PeerMeter | undefined;
  readonly #sent = new Map<number, RemoteCall>();
  /** In order of arrival. */
  readonly #waiting = new Set<RemoteCall>();
  #stream: FrameStream | undefined;
  /** The one attempt to connect that counts. */
  #attempt: object | undefined;
  #incarnation: string | undefined;
  #bytesInFlight = 0;
  #lastId = 0;
  /** Since when a call has waited without anything coming from the peer. */
  #silentSince: number | undefined;

  constructor(peer: NodeId, deps: ChannelDeps, options: ChannelOptions, limits: ChannelLimits) {
    this.peer = peer;
    this.#deps = deps;
    this.#options = options;
    this.#limits = limits;
    this.#meter = deps.metrics?.peer(peer);
  }

  /** Of the process that answered at the last handshake. */
  get incarnation(): string | undefined {
    return this.#incarnation;
  }

  call(request: RpcRequest, options: CallOptions): Promise<RpcMessage> {
    const { clock, deadlines } = this.#deps;
    return new Promise((resolve, reject) => {
      const now = clock.now();
      const watcher = watchCall(this.#meter, clock, this.peer, request.method, now);
      try {
        checkOptions(options);
        this.#checkRoom();
        const settling = { watcher, resolve, reject };
        const call = new RemoteCall(this, request, deadlines, now, options, settling);
        call.watch();
        if (this.#stream !== undefined && this.#waiting.size === 0 && this.#fits(call)) {
          this.#send(this.#stream, call, now);
        } else {
          this.#waiting.add(call);
          if (this.#stream === undefined) this.#beginConnecting();
        }
      } catch (thrown) {
        const error = asDftfsError(thrown);
        watcher?.settled(error);
        reject(error);
      }
    });
  }

  drop(reason: string): void {
    this.#attempt = undefined;
    const stream = this.#stream;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    stream?.close(reason);
    const error = this.#unreachable(reason, 'none');
    for (const call of waiting) call.reject(error);
  }

  /** Nobody waits for the call any more. */
  abandon(call: RemoteCall): Outcome {
    const { id } = call;
    if (id === undefined) {
      this.#waiting.delete(call);
      return 'none';
    }
    this.#forget(id, call);
    this.#stream?.send(bareFrame(frameKinds.cancel, id), emptyBody);
    const silentMs = this.#deps.clock.now() - (this.#silentSince ?? this.#deps.clock.now());
    if (silentMs > this.#limits.silenceMaxMs) {
      this.#stream?.close(`nothing was heard from it for ${Math.round(silentMs)} ms`);
    }
    this.#proceed();
    return 'maybe';
  }

  #checkRoom(): void {
    if (this.#sent.size + this.#waiting.size < this.#limits.callsMax) return;
    throw new DftfsError('overloaded', `Too many calls to ${this.peer} are under way.`);
  }

  #fits(call: RemoteCall): boolean {
    const { bytesInFlightMax } = this.#limits;
    // What expired calls left in the socket's buffer counts too, or a stopped peer would fill
    // memory.
    const unread = this.#stream?.full === true && this.#stream.unsentBytes > bytesInFlightMax;
    const alone = this.#bytesInFlight === 0;
    return !unread && (alone || this.#bytesInFlight + call.bytes <= bytesInFlightMax);
  }

  #send(stream: FrameStream, call: RemoteCall, now: number): void {
    do this.#lastId = (this.#lastId + 1) >>> 0;
    while (this.#sent.has(this.#lastId));
    const id = this.#lastId;
    call.id = id;
    this.#sent.set(id, call);
    this.#bytesInFlight += call.bytes;
    this.#silentSince ??= now;
    this.#meter?.sent.add(call.bytes);
    const { frame, body, bodyBytes, deadlineAt } = call;
    stream.send(sealFrame(frame, frameKinds.request, id, bodyBytes, deadlineAt - now), body);
  }

  /** Sends what has waited, as far as there is room. */
  #proceed(): void {
    if (this.#waiting.size === 0) return;
    const now = this.#deps.clock.now();
    for (const call of this.#waiting) {
      if (this.#stream === undefined || !this.#fits(call)) return;
      this.#waiting.delete(call);
      this.#send(this.#stream, call, now);
    }
  }

  #forget(id: number, call: RemoteCall): void {
    this.#sent.delete(id);
    this.#bytesInFlight -= call.bytes;
  }

  /** All that comes over the connection is nobody's request in particular. */
  #beginConnecting(): void {
    outOfScope(() => void this.#connect());
  }

  async #connect(): Promise<void> {
    if (this.#attempt !== undefined) return;
    const attempt = {};
    this.#attempt = attempt;
    try {
      const greeted = await this.#reach();
      if (this.#attempt !== attempt) greeted.stream.close('it is no longer wanted');
      else this.#open(greeted);
    } catch (error) {
      if (this.#attempt !== attempt) return;
      this.#attempt = undefined;
      this.#deps.log.debug('rpc peer not reached', { peer: this.peer, error });
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      for (const call of waiting) call.reject(asDftfsError(error));
    }
  }

  async #reach(): Promise<Greeted> {
    const { network } = this.#deps;
    const { connectTimeoutMs, handshakeTimeoutMs } = this.#limits;
    const address = this.#options.resolve(this.peer);
    if (address === undefined) throw this.#unreachable('its address is not known', 'none');
    const { host, port } = address;
    const connection = await network.connect(host, port, connectTimeoutMs).catch((error: Error) => {
      throw this.#unreachable(error.message, 'none');
    });
    return greet(this.#deps, this.#options, connection, this.peer, handshakeTimeoutMs);
  }

  #open({ stream, incarnation }: Greeted): void {
    this.#attempt = undefined;
    this.#meter?.connections.add();
    this.#incarnation = incarnation;
    this.#silentSince = undefined;
    this.#stream = stream;
    stream.use(expectReplies, {
      onFrame: (frame) => this.#onFrame(frame),
      onDrain: () => this.#proceed(),
      onClose: (cause) => this.#onClose(cause),
    });
    this.#proceed();
  }

  #onFrame(frame: Frame): void {
    this.#silentSince = undefined;
    const id = frame.prefix.call;
    const call = this.#sent.get(id);
    // Its caller has given up.
    if (call === undefined) return;
    const head = frame.head();
    this.#forget(id, call);
    this.#meter?.received.add(frame.prefix.headBytes + frame.prefix.bodyBytes);
    if (frame.prefix.kind === frameKinds.reply) call.resolve({ head, body: frame.body });
    else call.reject(errorFromWire(head));
    this.#proceed();
  }

  /** What was sent may have happened; what has waited was not, and goes over a new connection. */
  #onClose(cause: DftfsError): void {
    this.#stream = undefined;
    const level = cause.code === 'peer_unreachable' ? 'debug' : 'warn';
    this.#deps.log[level]('rpc peer lost', { peer: this.peer, reason: cause.message });
    const error = this.#unreachable(cause.message, 'maybe');
    const sent = [...this.#sent.values()];
    this.#sent.clear();
    this.#bytesInFlight = 0;
    for (const call of sent) call.reject(error);
    if (this.#waiting.size > 0) this.#beginConnecting();
  }

  #unreachable(why: string, outcome: Outcome): DftfsError {
    return new DftfsError('peer_unreachable', `No connection with ${this.peer}: ${why}.`, {
      outcome,
    });
  }
}

interface Settling {
  readonly watcher: CallWatcher | undefined;
  resolve(message: RpcMessage): void;
  reject(error: DftfsError): void;
}

/** For whom the call is made travels with it. */
function packRequest({ method, head }: RpcRequest, watcher: CallWatcher | undefined): Buffer {
  const scope = currentScope();
  if (scope === undefined) return packFrame([method, head]);
  return packFrame([method, head, scopeOnWire(scope, watcher?.span)]);
}

class RemoteCall extends PendingCall {
  /** Not yet sealed: the id and the time left are known when it is sent. */
  readonly frame: Buffer;
  readonly body: Body;
  readonly bodyBytes: number;
  /** Set when it is handed to a connection. */
  id: number | undefined;
  readonly #channel: PeerChannel;

  constructor(
    channel: PeerChannel,
    request: RpcRequest,
    deadlines: Deadlines,
    now: number,
    options: CallOptions,
    { watcher, resolve, reject }: Settling,
  ) {
    super(deadlines, now, options, watcher, resolve, reject);
    this.#channel = channel;
    this.frame = packRequest(request, watcher);
    this.body = request.body ?? emptyBody;
    this.bodyBytes = bodyLength(this.body);
    if (this.bodyBytes > frameBodyBytesMax) {
      throw new DftfsError('invalid_message', `A body of ${this.bodyBytes} bytes is too large.`);
    }
  }

  get bytes(): number {
    return this.frame.length + this.bodyBytes;
  }

  protected giveUp(): { whom: string; outcome: Outcome } {
    return { whom: this.#channel.peer, outcome: this.#channel.abandon(this) };
  }
}
