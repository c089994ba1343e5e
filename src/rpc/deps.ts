import type { Network } from '#io/network.ts';
import type { Clock, Random, Timers } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';

export interface RpcDeps {
  readonly network: Network;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
}
