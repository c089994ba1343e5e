/** What a node does in the background, put together. */
import type { NodeSession } from '#cluster/session.ts';
import { AdvanceDisk } from '#duties/advance-disk.ts';
import { Brake } from '#duties/brake.ts';
import type { Duty } from '#duties/duty.ts';
import { DutyRunner } from '#duties/runner.ts';
import type { World } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import { OperationSweep } from '#namespace/batching/operation-sweep.ts';
import type { Logger } from '#observe/log.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import type { OwnFacts } from './own-facts.ts';

export interface NodeDutiesDeps {
  readonly world: World;
  readonly log: Logger;
  readonly kv: Kv;
  readonly store: ShardStore;
  readonly session: Pick<NodeSession, 'announce'>;
  readonly ownFacts: OwnFacts;
  /** Requests of clients that this node has begun to answer. */
  readonly requests: () => number;
}

const idleMs = 1000;

export function createDuties(deps: NodeDutiesDeps): DutyRunner {
  const { world, log, kv, store, session, ownFacts, requests } = deps;
  const { clock } = world;
  const brake = new Brake(clock, requests);
  const duties: Duty[] = [
    new OperationSweep({ kv, clock }),
    new AdvanceDisk({ store, clock, announce: (identity) => session.announce(identity) }),
    ...ownFacts.duties,
  ];
  const runner = new DutyRunner({ ...world, log, brake }, duties, { idleMs });
  ownFacts.progress = () => runner.progress();
  return runner;
}
