/** What a node does in the background, put together. */
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { NodeSession } from '#cluster/session.ts';
import { AdvanceDisk } from '#duties/advance-disk.ts';
import { MoveSlots } from '#duties/balance/move-slots.ts';
import { Brake } from '#duties/brake.ts';
import { isCoordinator } from '#duties/coordinator.ts';
import type { Duty } from '#duties/duty.ts';
import type { FactsBook } from '#duties/facts/facts-book.ts';
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
  readonly map: ClusterMap;
  readonly session: Pick<NodeSession, 'node' | 'announce'>;
  /** What the others say of themselves. */
  readonly facts: FactsBook;
  readonly ownFacts: OwnFacts;
  /** Requests of clients that this node has begun to answer. */
  readonly requests: () => number;
}

const idleMs = 1000;

export function createDuties(deps: NodeDutiesDeps): DutyRunner {
  const { world, log, kv, store, map, session, facts, ownFacts, requests } = deps;
  const { clock } = world;
  const brake = new Brake(clock, requests);
  const duties: Duty[] = [
    new OperationSweep({ kv, clock }),
    new AdvanceDisk({ store, clock, announce: (identity) => session.announce(identity) }),
    new MoveSlots({
      ...{ kv, map, facts, clock, log },
      isCoordinator: () => isCoordinator(map, session.node),
    }),
    ...ownFacts.duties,
  ];
  const runner = new DutyRunner({ ...world, log, brake }, duties, { idleMs });
  ownFacts.progress = () => runner.progress();
  return runner;
}
