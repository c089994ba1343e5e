/** What a node does in the background, put together. */
import type { NodeId } from '#base/ids.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import { Brake } from '#duties/brake.ts';
import { isCoordinator } from '#duties/coordinator.ts';
import type { Duty } from '#duties/duty.ts';
import { Claim } from '#duties/names-upkeep/claim.ts';
import { NamesUpkeep, namesUpkeepDefaults } from '#duties/names-upkeep/names-upkeep.ts';
import { DutyRunner } from '#duties/runner.ts';
import type { World } from '#io/world.ts';
import type { EtcdMaintenance } from '#kv/etcd/maintenance.ts';
import type { Kv } from '#kv/kv.ts';
import { OperationSweep } from '#namespace/batching/operation-sweep.ts';
import type { Logger } from '#observe/log.ts';
import { upkeepKey } from '#protocol/keys.ts';

export interface NodeDutiesDeps {
  readonly world: World;
  readonly log: Logger;
  readonly kv: Kv;
  /** Requests of clients that this node has begun to answer. */
  readonly requests: () => number;
  readonly namesUpkeep: NamesUpkeep;
}

const idleMs = 1000;

export function createDuties(deps: NodeDutiesDeps): DutyRunner {
  const { world, log, kv, requests, namesUpkeep } = deps;
  const brake = new Brake(world.clock, requests);
  const duties: Duty[] = [new OperationSweep({ kv, clock: world.clock }), namesUpkeep];
  return new DutyRunner({ ...world, log, brake }, duties, { idleMs });
}

export interface NamesUpkeepParts {
  readonly world: World;
  readonly log: Logger;
  readonly kv: Kv;
  readonly maintenance: EtcdMaintenance;
  readonly map: Pick<ClusterMap, 'live' | 'sessionOf'>;
  readonly self: NodeId;
  /** This process, unlike all others. */
  readonly incarnation: string;
  readonly quotaBytes: number;
}

const claimDefaults = { key: upkeepKey, renewMs: 5000, staleMs: 30_000 };

export function createNamesUpkeep(parts: NamesUpkeepParts): NamesUpkeep {
  const { world, log, kv, maintenance, map, self, incarnation, quotaBytes } = parts;
  const holder = `${self} ${incarnation}`;
  const claim = new Claim({ kv, ...world }, { ...claimDefaults, holder });
  // In a full engine nobody can register: then it is everyone's.
  const isOurs = () => map.live().length === 0 || isCoordinator(map, self);
  return new NamesUpkeep(
    { maintenance, claim, log, clock: world.clock, isCoordinator: isOurs },
    { ...namesUpkeepDefaults, quotaBytes },
  );
}
