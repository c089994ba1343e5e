/**
 * The server's side of one connection: runs the peer's calls and sends the answers, within bounds.
 */
import { DftfsError } from '#base/errors.ts';
import { frameBodyBytesMax } from '#base/limits.ts';
import type { Clock } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';
import type { Tracer } from '#observe/tracer.ts';
import { handleInScope } from './call-scope.ts';
import type { Deadlines } from './deadlines.ts';
import { errorToWire } from './errors-on-the-wire.ts';
import { expectCalls, frameKinds, packFrame, sealFrame } from './frame.ts';
import type { Frame } from './frame-parser.ts';
import type { FrameStream } from './frame-stream.ts';
import { type Handled, handleCall, RunningCall } from './handling.ts';
import type { Greeted } from './handshake.ts';
import { bodyLength, type RpcHandler } from './rpc.ts';

interface ServedPeerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly deadlines: Deadlines;
  readonly table: ReadonlyMap<string, RpcHandler>;
  readonly tracer?: Tracer | undefined;
}

interface ServedPeerLimits {
  readonly handlersMax: number;
  readonly bufferedBytesMax: number;
}

const sizeOf = ({ prefix }: Frame): number => prefix.headBytes + prefix.bodyBytes;
const canceled = (why: string): DftfsError => new DftfsError('canceled', why);

export class ServedPeer {
  readonly #deps: ServedPeerDeps;
  readonly #limits: ServedPeerLimits;
  readonly #peer: Greeted;
  readonly #stream: FrameStream;
  /** Calls not yet answered. */
  readonly #calls = new Map<number, RunningCall>();
  /** Requests not yet begun. Reading stops when there is one, so it holds what one chunk brings. */
  readonly #waiting: Frame[] = [];
  #requestBytes = 0;
  #paused = false;
  #refusing = false;

  constructor(deps: ServedPeerDeps, peer: Greeted, limits: ServedPeerLimits) {
    this.#deps = deps;
    this.#peer = peer;
    this.#stream = peer.stream;
    this.#limits = limits;
  }

  start(onClose: () => void): void {
    const { node, incarnation } = this.#peer;
    const fields = { peer: node, incarnation, remote: this.#stream.remote };
    this.#deps.log.debug('rpc peer connected', fields);
    this.#stream.use(expectCalls, {
      onFrame: (frame) => this.#onFrame(frame),
      onDrain: () => this.#proceed(),
      onClose: (cause) => {
        const level = cause.code === 'peer_unreachable' ? 'debug' : 'warn';
        this.#deps.log[level]('rpc peer disconnected', { ...fields, reason: cause.message });
        this.#waiting.length = 0;
        for (const call of this.#calls.values()) call.end(canceled('The connection is lost.'));
        onClose();
      },
    });
  }

  /** Something is still to be done or sent for this peer. */
  get busy(): boolean {
    return this.#calls.size > 0 || this.#stream.unsentBytes > 0;
  }

  refuseCalls(): void {
    this.#refusing = true;
  }

  close(reason: string): void {
    this.#stream.close(reason);
  }

  #onFrame(frame: Frame): void {
    const { kind, call: id, timeoutMs } = frame.prefix;
    if (kind === frameKinds.cancel) {
      this.#calls.get(id)?.end(canceled('The caller canceled.'));
      return;
    }
    if (this.#refusing) {
      this.#sendFailure(id, new DftfsError('peer_refused', 'This node is closing.'));
      return;
    }
    if (this.#calls.has(id)) throw new DftfsError('invalid_message', `call ${id} came twice`);
    const deadlineAt = this.#deps.clock.now() + timeoutMs;
    this.#calls.set(id, new RunningCall(this.#peer.node, deadlineAt, this.#deps.deadlines));
    this.#requestBytes += sizeOf(frame);
    this.#waiting.push(frame);
    this.#proceed();
  }

  /** Begins what may begin, and reads on or not. */
  #proceed(): void {
    while (this.#waiting.length > 0 && this.#mayBegin()) {
      const frame = this.#waiting.shift() as Frame;
      const call = this.#calls.get(frame.prefix.call) as RunningCall;
      if (this.#isOver(call)) this.#forget(frame);
      else void this.#run(frame, call);
    }
    const pause = this.#waiting.length > 0 || this.#requestBytes > this.#limits.bufferedBytesMax;
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.#stream.pause();
    else this.#stream.resume();
  }

  #mayBegin(): boolean {
    const { handlersMax, bufferedBytesMax } = this.#limits;
    const running = this.#calls.size - this.#waiting.length;
    const unread = this.#stream.full && this.#stream.unsentBytes > bufferedBytesMax;
    return running < handlersMax && !unread;
  }

  async #run(frame: Frame, call: RunningCall): Promise<void> {
    const id = frame.prefix.call;
    try {
      const reply = await this.#handle(frame, call);
      if (!this.#isOver(call)) this.#sendReply(id, reply);
    } catch (error) {
      if (!(error instanceof DftfsError)) {
        this.#deps.log.error('rpc handler failed', { peer: call.peer, error });
      }
      if (!this.#isOver(call)) this.#sendFailure(id, error);
    }
    call.finish();
    this.#forget(frame);
    this.#proceed();
  }

  #handle(frame: Frame, call: RunningCall): Promise<Handled> {
    const request = frame.head();
    if (!Array.isArray(request)) {
      throw new DftfsError('invalid_message', 'A request names its method.', { outcome: 'none' });
    }
    const [method, head, scope] = request;
    const { body } = frame;
    const handle = () => handleCall(this.#deps.table, method, head, body, call);
    return scope === undefined
      ? handle()
      : handleInScope(this.#deps, scope, String(method), handle);
  }

  /** Nobody would read the answer. */
  #isOver(call: RunningCall): boolean {
    return call.ended || this.#deps.clock.now() >= call.deadlineAt;
  }

  #forget(frame: Frame): void {
    this.#calls.delete(frame.prefix.call);
    this.#requestBytes -= sizeOf(frame);
  }

  #sendReply(id: number, reply: Handled): void {
    const bytes = bodyLength(reply.body);
    if (bytes > frameBodyBytesMax) throw new RangeError(`an answer of ${bytes} bytes is too large`);
    this.#stream.send(sealFrame(packFrame(reply.head), frameKinds.reply, id, bytes), reply.body);
  }

  #sendFailure(id: number, error: unknown): void {
    this.#stream.send(sealFrame(packFrame(errorToWire(error)), frameKinds.failure, id, 0), []);
  }
}
