/** What a node does in the background, put together. */
import type { NodeId } from '#base/ids.ts';
import type { BlobReader, BlobWriter } from '#blob/blob.ts';
import { blobReaderDefaults } from '#blob/read-blob.ts';
import type { ShardCalls } from '#blob/shard-calls.ts';
import { ShardFetcher } from '#blob/shard-fetcher.ts';
import { createShardRebuilder } from '#blob/shard-rebuilder.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { NodeSession } from '#cluster/session.ts';
import type { NodeConfig } from '#config/node-config.ts';
import { AdvanceDisk } from '#duties/advance-disk.ts';
import { MoveSlots } from '#duties/balance/move-slots.ts';
import { Brake } from '#duties/brake.ts';
import { isCoordinator } from '#duties/coordinator.ts';
import type { Duty } from '#duties/duty.ts';
import type { FactsBook } from '#duties/facts/facts-book.ts';
import { BlobRewriter } from '#duties/move/blob-rewriter.ts';
import { RemoveVolumes } from '#duties/move/remove-volumes.ts';
import { RewriteBlobs } from '#duties/move/rewrite-blobs.ts';
import { KeepAges } from '#duties/names-upkeep/keep-ages.ts';
import { Absence } from '#duties/repair/absence.ts';
import { FillSlots } from '#duties/repair/fill-slots.ts';
import { ReplaceMembers } from '#duties/repair/replace-members.ts';
import { SlotFiller } from '#duties/repair/slot-filler.ts';
import { DutyRunner } from '#duties/runner.ts';
import type { World } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import type { RevisionAges } from '#kv/revision-ages.ts';
import { OperationSweep, operationSweepDefaults } from '#namespace/batching/operation-sweep.ts';
import type { Namespace } from '#namespace/namespace.ts';
import type { Logger } from '#observe/log.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import type { DutyPace } from './duty-pace.ts';
import { keepingDuties } from './keeping-duties.ts';
import type { OwnFacts } from './own-facts.ts';

export interface NodeDutiesDeps {
  readonly world: World;
  readonly log: Logger;
  readonly kv: Kv;
  readonly config: NodeConfig;
  readonly map: ClusterMap;
  readonly session: Pick<NodeSession, 'announce' | 'revision'>;
  readonly store: ShardStore;
  readonly shards: ShardCalls;
  readonly filler: SlotFiller;
  readonly namespace: Namespace;
  readonly reader: BlobReader;
  readonly writer: BlobWriter;
  readonly namesUpkeep: Duty;
  readonly ages: RevisionAges;
  /** What the others say of themselves. */
  readonly facts: FactsBook;
  readonly ownFacts: OwnFacts;
  /** Requests of clients that this node has begun to answer. */
  readonly requests: () => number;
  readonly pace: DutyPace;
}

export function createDuties(deps: NodeDutiesDeps): DutyRunner {
  const { world, log, kv, map, config, ownFacts, requests, pace, ages } = deps;
  const { clock } = world;
  const brake = new Brake(clock, requests);
  const absence = new Absence(map, deps.session, clock);
  const coordinates = () => isCoordinator(map, config.node.id);
  const keeping = keepingDuties(deps, coordinates);
  const onWhole = () => keeping.auditNames.request();
  const duties: Duty[] = [
    new KeepAges({ kv, clock, ages, isCoordinator: coordinates }),
    new OperationSweep(
      { kv, clock, ages, isCoordinator: coordinates },
      { ...operationSweepDefaults, ageMs: pace.traceMs },
    ),
    deps.namesUpkeep,
    ...repairDuties(deps, absence, coordinates, onWhole),
    ...moveDuties(deps, absence, brake),
    ...balanceDuties(deps, coordinates),
    ...keeping.duties,
    ...ownFacts.duties,
  ];
  const runner = new DutyRunner({ ...world, log, brake }, duties, { idleMs: pace.idleMs });
  ownFacts.progress = () => runner.progress();
  return runner;
}

function repairDuties(
  deps: NodeDutiesDeps,
  absence: Absence,
  isCoordinator: () => boolean,
  onWhole: () => void,
): Duty[] {
  const { config, facts } = deps;
  const { repairDelayMs } = config.cluster;
  const isUnfit = (node: NodeId) => facts.isUnfit(node);
  return [
    new ReplaceMembers({ ...deps, absence, isCoordinator, isUnfit }, { repairDelayMs }),
    new FillSlots({ ...deps, clock: deps.world.clock, self: config.node.id, onWhole }),
  ];
}

function moveDuties(deps: NodeDutiesDeps, absence: Absence, brake: Brake): Duty[] {
  const { config, world, pace } = deps;
  const { volumePauseMs } = pace;
  const own = { ...deps, ...world, self: config.node.id, absence, brake };
  const rewriter = new BlobRewriter(deps);
  const delayMs = config.cluster.repairDelayMs;
  return [
    new RewriteBlobs({ ...own, rewriter }, { delayMs, passPauseMs: volumePauseMs }),
    new RemoveVolumes(own, { checkPauseMs: volumePauseMs }),
  ];
}

function balanceDuties(deps: NodeDutiesDeps, isCoordinator: () => boolean): Duty[] {
  const { world, store, session } = deps;
  const { clock } = world;
  return [
    new MoveSlots({ ...deps, isCoordinator, clock }),
    new AdvanceDisk({ store, clock, announce: (generation) => session.announce(generation) }),
  ];
}

export interface SlotFillerParts {
  readonly world: World;
  readonly log: Logger;
  readonly self: NodeId;
  readonly store: ShardStore;
  readonly shards: ShardCalls;
  readonly map: Pick<ClusterMap, 'isLive' | 'nodes' | 'suspect'>;
}

export function createSlotFiller(parts: SlotFillerParts): SlotFiller {
  const fetcher = new ShardFetcher(parts, blobReaderDefaults);
  const rebuilder = createShardRebuilder({ ...parts, fetcher });
  return new SlotFiller({ ...parts, rebuilder });
}
