import { randomBytes } from 'node:crypto';
import type { Random } from '../world.ts';

export function createNodeRandom(): Random {
  return {
    bytes: (count) => randomBytes(count),
    float: () => Math.random(),
  };
}
