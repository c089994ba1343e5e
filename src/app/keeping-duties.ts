/** The duties that keep a node's disk right: what is garbage goes, what has rotted is mended. */
import path from 'node:path';
import type { ShardCalls } from '#blob/shard-calls.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import { isCollectionHeld } from '#cluster/collection-hold.ts';
import type { NodeConfig } from '#config/node-config.ts';
import { CompactStore } from '#duties/compact-store.ts';
import type { Duty } from '#duties/duty.ts';
import { AuditNames } from '#duties/garbage/audit-names.ts';
import { CollectGarbage } from '#duties/garbage/collect-garbage.ts';
import { DropForeign } from '#duties/garbage/drop-foreign.ts';
import { FindOrphans } from '#duties/garbage/find-orphans.ts';
import { MendShards } from '#duties/repair/mend-shards.ts';
import type { SlotFiller } from '#duties/repair/slot-filler.ts';
import { RebuildQueue } from '#duties/scrub/rebuild-queue.ts';
import { ScrubShards } from '#duties/scrub/scrub-shards.ts';
import type { World } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import type { RevisionAges } from '#kv/revision-ages.ts';
import type { Logger } from '#observe/log.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import type { DutyPace } from './duty-pace.ts';

export interface KeepingDutiesDeps {
  readonly world: World;
  readonly log: Logger;
  readonly kv: Kv;
  readonly config: NodeConfig;
  readonly map: ClusterMap;
  readonly store: ShardStore;
  readonly shards: ShardCalls;
  readonly ages: RevisionAges;
  readonly filler: SlotFiller;
  readonly pace: DutyPace;
}

const holdTimeoutMs = 2000;

export interface KeepingDuties {
  readonly duties: readonly Duty[];
  readonly auditNames: AuditNames;
}

export function keepingDuties(
  deps: KeepingDutiesDeps,
  isCoordinator: () => boolean,
): KeepingDuties {
  const { world, log, kv, map, store, shards, filler, pace, ages } = deps;
  const { node } = deps.config;
  const { readGraceMs } = deps.config.cluster;
  const rebuild = new RebuildQueue();
  const isHeld = () => isCollectionHeld(kv, { timeoutMs: holdTimeoutMs });
  const own = { ...{ self: node.id, kv, map, store, shards, rebuild, isHeld, log }, ...world };
  const scrubFile = path.join(node.dataFolder, 'scrub.json');
  const scrub = {
    ...own,
    load: () => world.disk.readWhole(scrubFile),
    save: (content: Buffer) => world.disk.writeWhole(scrubFile, content),
  };
  const auditNames = new AuditNames(own, { roundPauseMs: pace.auditPauseMs });
  const duties = [
    new CollectGarbage(
      { ...own, isCoordinator, ages },
      { readGraceMs, traceGraceMs: pace.traceMs },
    ),
    new FindOrphans(own, { roundPauseMs: pace.walkPauseMs }),
    new DropForeign(own, { roundPauseMs: pace.walkPauseMs }),
    auditNames,
    new ScrubShards(scrub, {
      bytesPerSecondMax: node.scrubBytesPerSecond,
      roundPauseMs: node.scrubPauseMs,
    }),
    new MendShards({ map, filler, store, queue: rebuild, clock: world.clock, log }),
    new CompactStore(store),
  ];
  return { duties, auditNames };
}
