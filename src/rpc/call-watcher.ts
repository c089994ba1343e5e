/** Counts and traces the calls to one peer: from their beginning, however they end. */
import type { DftfsError } from '#base/errors.ts';
import type { Clock } from '#io/world.ts';
import { currentScope } from '#observe/request-scope.ts';
import type { Span } from '#observe/span.ts';
import type { PeerMeter } from './rpc-metrics.ts';

export class CallWatcher {
  /** Of the call, where its request is traced. */
  readonly span: Span | undefined;
  readonly #meter: PeerMeter | undefined;
  readonly #clock: Clock;
  readonly #method: string;
  readonly #startedAt: number;

  constructor(
    meter: PeerMeter | undefined,
    span: Span | undefined,
    clock: Clock,
    method: string,
    startedAt: number,
  ) {
    this.#meter = meter;
    this.span = span;
    this.#clock = clock;
    this.#method = method;
    this.#startedAt = startedAt;
  }

  settled(error: DftfsError | undefined): void {
    this.#meter?.settled(this.#method, this.#clock.now() - this.#startedAt, error?.code);
    this.span?.end(error);
  }
}

/** Undefined: nobody wants to know. */
export function watchCall(
  meter: PeerMeter | undefined,
  clock: Clock,
  peer: string,
  method: string,
  now: number,
): CallWatcher | undefined {
  const span = currentScope()?.span?.child(method, 'client');
  if (meter === undefined && span === undefined) return undefined;
  span?.set('dftfs.peer', peer);
  return new CallWatcher(meter, span, clock, method, now);
}
