import type { Network } from '#io/network.ts';
import type { Clock, Random, Timers } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';
import type { Tracer } from '#observe/tracer.ts';
import type { RpcMetrics } from './rpc-metrics.ts';

export interface RpcDeps {
  readonly network: Network;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
  /** Without: calls aren't counted. */
  readonly metrics?: RpcMetrics | undefined;
  /** Without: calls from others aren't traced. */
  readonly tracer?: Tracer | undefined;
}
