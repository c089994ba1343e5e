import type { Clock } from '../world.ts';

export function createNodeClock(): Clock {
  return {
    now: () => performance.now(),
    wall: () => Date.now(),
  };
}
