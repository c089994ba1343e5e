/** What a node does in the background, put together. */
import type { NodeId } from '#base/ids.ts';
import { blobReaderDefaults } from '#blob/read-blob.ts';
import type { ShardCalls } from '#blob/shard-calls.ts';
import { ShardFetcher } from '#blob/shard-fetcher.ts';
import { createShardRebuilder } from '#blob/shard-rebuilder.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { NodeConfig } from '#config/node-config.ts';
import { Brake } from '#duties/brake.ts';
import { isCoordinator } from '#duties/coordinator.ts';
import type { Duty } from '#duties/duty.ts';
import { Absence } from '#duties/repair/absence.ts';
import { FillSlots } from '#duties/repair/fill-slots.ts';
import { ReplaceMembers } from '#duties/repair/replace-members.ts';
import { SlotFiller } from '#duties/repair/slot-filler.ts';
import { DutyRunner } from '#duties/runner.ts';
import type { World } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import { OperationSweep } from '#namespace/batching/operation-sweep.ts';
import type { Logger } from '#observe/log.ts';
import type { ShardStore } from '#storage/shard-store.ts';

export interface NodeDutiesDeps {
  readonly world: World;
  readonly log: Logger;
  readonly kv: Kv;
  readonly config: NodeConfig;
  readonly map: ClusterMap;
  readonly shards: ShardCalls;
  readonly filler: SlotFiller;
  readonly namesUpkeep: Duty;
  /** Requests of clients that this node has begun to answer. */
  readonly requests: () => number;
}

const idleMs = 1000;

export function createDuties(deps: NodeDutiesDeps): DutyRunner {
  const { world, log, kv, map, requests } = deps;
  const brake = new Brake(world.clock, requests);
  const duties: Duty[] = [
    new OperationSweep({ kv, clock: world.clock }),
    deps.namesUpkeep,
    ...repairDuties(deps, () => isCoordinator(map, deps.config.node.id)),
  ];
  return new DutyRunner({ ...world, log, brake }, duties, { idleMs });
}

function repairDuties(deps: NodeDutiesDeps, isCoordinator: () => boolean): Duty[] {
  const { config, map, world } = deps;
  const { repairDelayMs } = config.cluster;
  const absence = new Absence(map, world.clock);
  const isUnfit = () => false;
  return [
    new ReplaceMembers({ ...deps, absence, isCoordinator, isUnfit }, { repairDelayMs }),
    new FillSlots({ ...deps, self: config.node.id }),
  ];
}

export interface SlotFillerParts {
  readonly world: World;
  readonly log: Logger;
  readonly self: NodeId;
  readonly store: ShardStore;
  readonly shards: ShardCalls;
  readonly map: Pick<ClusterMap, 'isLive' | 'suspect'>;
}

export function createSlotFiller(parts: SlotFillerParts): SlotFiller {
  const fetcher = new ShardFetcher(parts, blobReaderDefaults);
  const rebuilder = createShardRebuilder({ ...parts, fetcher });
  return new SlotFiller({ ...parts, rebuilder });
}
