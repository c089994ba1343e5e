import type { World } from '../world.ts';
import { createNodeClock } from './clock.ts';
import { createNodeDisk } from './disk.ts';
import { createNodeNetwork } from './network.ts';
import { createNodeRandom } from './random.ts';
import { createNodeTimers } from './timers.ts';

/** The real world: what every process that isn't a simulation runs in. */
export function createNodeWorld(): World {
  return {
    clock: createNodeClock(),
    timers: createNodeTimers(),
    random: createNodeRandom(),
    disk: createNodeDisk(),
    network: createNodeNetwork(),
  };
}
