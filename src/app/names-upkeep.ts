/** The upkeep of etcd, put together. */
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { NodeConfig } from '#config/node-config.ts';
import { isCoordinator } from '#duties/coordinator.ts';
import { Claim } from '#duties/names-upkeep/claim.ts';
import { NamesUpkeep, namesUpkeepDefaults } from '#duties/names-upkeep/names-upkeep.ts';
import type { World } from '#io/world.ts';
import type { EtcdMaintenance } from '#kv/etcd/maintenance.ts';
import type { Kv } from '#kv/kv.ts';
import { RevisionAges } from '#kv/revision-ages.ts';
import type { Logger } from '#observe/log.ts';
import { upkeepKey } from '#protocol/keys.ts';
import type { DutyPace } from './duty-pace.ts';

export interface NamesUpkeepParts {
  readonly world: World;
  readonly log: Logger;
  readonly config: NodeConfig;
  /** This process, unlike all others. */
  readonly incarnation: string;
  readonly kv: Kv;
  readonly maintenance: Omit<EtcdMaintenance, 'close' | 'readThrough'>;
  readonly map: Pick<ClusterMap, 'live' | 'sessionOf'>;
  readonly ages: RevisionAges;
}

const marksPerWait = 3;
const markMsMin = 500;

/** Fine enough for all who wait for something to have stood for so long. */
export function createAges({ cluster }: NodeConfig, { traceMs }: DutyPace): RevisionAges {
  const { historyMs, shortHistoryMs } = namesUpkeepDefaults;
  const waits = [cluster.readGraceMs, traceMs, historyMs, shortHistoryMs];
  const everyMs = Math.max(markMsMin, Math.min(...waits) / marksPerWait);
  return new RevisionAges({ agesMsMax: Math.max(...waits), everyMs });
}

const claimDefaults = { key: upkeepKey, renewMs: 5000, staleMs: 30_000 };

export function createNamesUpkeep(parts: NamesUpkeepParts): NamesUpkeep {
  const { world, log, config, kv, maintenance, map, ages } = parts;
  const { id } = config.node;
  const holder = `${id} ${parts.incarnation}`;
  const claim = new Claim({ kv, ...world }, { ...claimDefaults, holder });
  // In a full engine nobody can register: then it is everyone's.
  const isOurs = () => map.live().length === 0 || isCoordinator(map, id);
  return new NamesUpkeep(
    { maintenance, claim, log, ages, clock: world.clock, isCoordinator: isOurs },
    { ...namesUpkeepDefaults, quotaBytes: config.cluster.etcdQuotaBytes },
  );
}
