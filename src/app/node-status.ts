/**
 * What this node can say of itself and of the cluster as it sees it, for `/-/ready` and
 * `/-/cluster`.
 */
import type { NodeId } from '#base/ids.ts';
import type { Cluster } from '#cluster/cluster.ts';
import type { Session } from '#cluster/cluster-map.ts';
import type { NamesUpkeep } from '#duties/names-upkeep/names-upkeep.ts';
import type { EtcdMaintenance } from '#kv/etcd/maintenance.ts';
import type { Kv, KvMember } from '#kv/kv.ts';
import { marginOf } from '#protocol/volumes.ts';
import type { ShardStore } from '#storage/shard-store.ts';

const statusTimeoutMs = 500;

export interface NodeStatusDeps {
  readonly cluster: Cluster;
  readonly session: Session;
  readonly kv: Pick<Kv, 'members'>;
  readonly store: ShardStore;
  readonly maintenance: Pick<EtcdMaintenance, 'status'>;
  readonly namesUpkeep: Pick<NamesUpkeep, 'isFull' | 'progress'>;
  /** Where this node's operations on names go to be combined. */
  readonly combiner: () => NodeId | undefined;
}

export class NodeStatus {
  private readonly deps: NodeStatusDeps;

  constructor(deps: NodeStatusDeps) {
    this.deps = deps;
  }

  notReadyReason(): string | undefined {
    const { session, cluster, kv, namesUpkeep } = this.deps;
    if (!kv.members().some((member) => member.healthy)) {
      return 'No etcd member answers: start them, or look at their logs.';
    }
    // A full etcd lets nobody register, and what it still serves is served.
    if (namesUpkeep.isFull) return undefined;
    if (session.revision === undefined || !cluster.isLive(session.node)) {
      return 'The node is not registered in the cluster yet; ask again in a moment.';
    }
    return undefined;
  }

  async describe(): Promise<unknown> {
    const { cluster, session, kv, store, combiner, namesUpkeep } = this.deps;
    const members = await Promise.all(kv.members().map((member) => this.etcdMember(member)));
    const suspects = cluster.suspects();
    return {
      node: session.node,
      nodes: cluster.nodes().map(({ id, host, port, httpPort, zone, draining }) => ({
        id,
        host,
        port,
        httpPort,
        zone,
        draining,
        live: cluster.isLive(id),
        ...(suspects.has(id) ? { suspected: suspects.get(id) } : {}),
      })),
      volumes: this.volumesByMargin(),
      names: { members, combiner: combiner(), upkeep: namesUpkeep.progress() },
      store: await store.stats(),
    };
  }

  /** What the member says of itself, if it says anything in time. */
  private async etcdMember(member: KvMember): Promise<unknown> {
    try {
      const { memberId, leaderId, version, dbBytes, dbBytesInUse } =
        await this.deps.maintenance.status(member.endpoint, { timeoutMs: statusTimeoutMs });
      return { ...member, leader: memberId === leaderId, version, dbBytes, dbBytesInUse };
    } catch {
      return { ...member, healthy: false };
    }
  }

  /**
   * How many volumes can lose how many more members: `{"2": 12, "1": 3}`. Negative: unreadable now.
   */
  private volumesByMargin(): Record<string, number> {
    const { cluster } = this.deps;
    const counts: Record<string, number> = {};
    for (const { record } of cluster.volumes()) {
      const margin = marginOf(record, (member) => cluster.isLive(member));
      counts[margin] = (counts[margin] ?? 0) + 1;
    }
    return counts;
  }
}
