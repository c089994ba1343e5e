/** What a node does in the background, put together. */
import { Brake } from '#duties/brake.ts';
import type { Duty } from '#duties/duty.ts';
import { DutyRunner } from '#duties/runner.ts';
import type { World } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import { OperationSweep } from '#namespace/batching/operation-sweep.ts';
import type { Logger } from '#observe/log.ts';

export interface NodeDutiesDeps {
  readonly world: World;
  readonly log: Logger;
  readonly kv: Kv;
  /** Requests of clients that this node has begun to answer. */
  readonly requests: () => number;
}

const idleMs = 1000;

export function createDuties(deps: NodeDutiesDeps): DutyRunner {
  const { world, log, kv, requests } = deps;
  const brake = new Brake(world.clock, requests);
  const duties: Duty[] = [new OperationSweep({ kv, clock: world.clock })];
  return new DutyRunner({ ...world, log, brake }, duties, { idleMs });
}
