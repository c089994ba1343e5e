/** Calls of a process to itself: the same handlers, deadlines and errors, no socket. */
import { asDftfsError, DftfsError, type Outcome } from '#base/errors.ts';
import type { NodeId } from '#base/ids.ts';
import type { Clock } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';
import { watchCall } from './call-watcher.ts';
import type { Deadlines } from './deadlines.ts';
import { errorFromWire, errorToWire } from './errors-on-the-wire.ts';
import { handleCall, RunningCall } from './handling.ts';
import { checkOptions, type GiveUpCode, PendingCall } from './pending-call.ts';
import type { RpcMessage, RpcRequest } from './rpc.ts';
import { type CallOptions, emptyBody, type RpcHandler } from './rpc.ts';
import type { PeerMeter, RpcMetrics } from './rpc-metrics.ts';

interface LocalDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly deadlines: Deadlines;
  readonly metrics?: RpcMetrics | undefined;
}

interface LocalOptions {
  readonly self: NodeId;
  readonly table: ReadonlyMap<string, RpcHandler>;
  readonly callsMax: number;
}

export class LocalCalls {
  readonly #deps: LocalDeps;
  readonly #options: LocalOptions;
  readonly #meter: PeerMeter | undefined;
  #underWay = 0;

  constructor(deps: LocalDeps, options: LocalOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#meter = deps.metrics?.peer(options.self);
  }

  call(request: RpcRequest, options: CallOptions): Promise<RpcMessage> {
    const { deadlines, clock } = this.#deps;
    const { self } = this.#options;
    return new Promise((resolve, reject) => {
      const now = clock.now();
      const watcher = watchCall(this.#meter, clock, self, request.method, now);
      try {
        checkOptions(options);
        if (this.#underWay >= this.#options.callsMax) {
          throw new DftfsError('overloaded', 'Too many calls within this node are under way.');
        }
        const running = new RunningCall(self, now + options.timeoutMs, deadlines);
        const call = new LocalCall(running, deadlines, now, options, watcher, resolve, reject);
        call.watch();
        void this.#run(request, call);
      } catch (thrown) {
        const error = asDftfsError(thrown);
        watcher?.settled(error);
        reject(error);
      }
    });
  }

  async #run(request: RpcRequest, call: LocalCall): Promise<void> {
    const { method, head, body = emptyBody } = request;
    this.#underWay += 1;
    try {
      call.resolve(await handleCall(this.#options.table, method, head, body, call.running));
    } catch (error) {
      if (!(error instanceof DftfsError)) {
        this.#deps.log.error('rpc handler failed', { peer: this.#options.self, method, error });
      }
      call.reject(error instanceof DftfsError ? error : errorFromWire(errorToWire(error)));
    }
    call.running.finish();
    this.#underWay -= 1;
  }
}

class LocalCall extends PendingCall {
  readonly running: RunningCall;

  constructor(running: RunningCall, ...rest: ConstructorParameters<typeof PendingCall>) {
    super(...rest);
    this.running = running;
  }

  protected giveUp(code: GiveUpCode): { whom: string; outcome: Outcome } {
    this.running.end(new DftfsError(code, 'The caller no longer waits for this.'));
    return { whom: 'this node', outcome: 'maybe' };
  }
}
