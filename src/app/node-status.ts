/**
 * What this node can say of itself and of the cluster as it sees it, for `/-/ready` and
 * `/-/cluster`.
 */
import type { Access } from '#access/access.ts';
import type { NodeId } from '#base/ids.ts';
import type { ClusterNode, ClusterStatus, RepairEstimate } from '#client/cluster-status.ts';
import type { Cluster } from '#cluster/cluster.ts';
import type { KnownVolume, NodeRecord } from '#cluster/cluster-map.ts';
import { isCollectionHeld } from '#cluster/collection-hold.ts';
import type { NodeSession } from '#cluster/session.ts';
import { isCoordinator } from '#duties/coordinator.ts';
import type { FactsBook, KnownFacts } from '#duties/facts/facts-book.ts';
import { describeProtection } from '#duties/facts/protection.ts';
import type { NamesUpkeep } from '#duties/names-upkeep/names-upkeep.ts';
import type { EtcdMaintenance } from '#kv/etcd/maintenance.ts';
import type { Kv } from '#kv/kv.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import { countGarbage, viewEtcd, viewTimeoutMs, volumesByMargin } from './cluster-view.ts';

export interface NodeStatusDeps {
  readonly cluster: Cluster;
  readonly session: Pick<NodeSession, 'node' | 'revision'>;
  readonly kv: Pick<Kv, 'members' | 'get' | 'range'>;
  readonly store: Pick<ShardStore, 'stats'>;
  readonly facts: Pick<FactsBook, 'read'>;
  readonly maintenance: Pick<EtcdMaintenance, 'status'>;
  readonly namesUpkeep: Pick<NamesUpkeep, 'isFull' | 'progress'>;
  /** Where this node's operations on names go to be combined. */
  readonly combiner: () => NodeId | undefined;
  readonly copiesMin?: number | undefined;
  /** Undefined: nobody is asked who he is. */
  readonly access?: Pick<Access, 'notReadyReason'> | undefined;
  /** It was told to stop, and serves on for a while. */
  readonly isStopping: () => boolean;
}

export class NodeStatus {
  private readonly deps: NodeStatusDeps;

  constructor(deps: NodeStatusDeps) {
    this.deps = deps;
  }

  notReadyReason(): string | undefined {
    const { session, cluster, kv, namesUpkeep, isStopping } = this.deps;
    if (isStopping()) return 'The node is stopping; use another.';
    if (!kv.members().some((member) => member.healthy)) {
      return 'No etcd member answers: start them, or look at their logs.';
    }
    const notLettingIn = this.deps.access?.notReadyReason();
    if (notLettingIn !== undefined) return notLettingIn;
    // A full etcd lets nobody register, and what it still serves is served.
    if (namesUpkeep.isFull) return undefined;
    if (session.revision === undefined || !cluster.isLive(session.node)) {
      return 'The node is not registered in the cluster yet; ask again in a moment.';
    }
    return undefined;
  }

  async describe(): Promise<ClusterStatus> {
    const { cluster, session, kv, store, combiner, namesUpkeep, copiesMin } = this.deps;
    const [facts, members, garbage, collectionHeld] = await Promise.all([
      this.deps.facts.read(),
      viewEtcd(kv, this.deps.maintenance),
      countGarbage(kv),
      this.isCollectionHeld(),
    ]);
    const view = { volumes: cluster.volumes(), live: cluster.live(), facts, copiesMin };
    const protection = describeProtection(view);
    return {
      node: session.node,
      nodes: [...cluster.nodes()]
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .map((node) => this.describeNode(node, facts.get(node.id))),
      volumes: volumesByMargin(cluster),
      protection,
      repair: estimateRepair(protection.rebuilding.bytesLeft, [...facts.values()]),
      garbage,
      names: {
        members,
        combiner: combiner(),
        upkeep: namesUpkeep.progress(),
        collectionHeld,
      },
      store: await store.stats(),
    };
  }

  private describeNode(record: NodeRecord, known: KnownFacts | undefined): ClusterNode {
    const { cluster } = this.deps;
    const { id, host, port, httpPort, zone, capacityBytes, draining, release } = record;
    // A suspect whose lease has ended is away.
    const isAway = cluster.sessionOf(id) === undefined;
    const suspected = isAway ? undefined : cluster.suspects().get(id);
    const holds = ({ record: { members, incoming } }: KnownVolume) =>
      members.includes(id) || incoming.some(({ node }) => node === id);
    return {
      ...{ id, host, port, httpPort, zone, capacityBytes, draining, release },
      live: cluster.isLive(id),
      coordinates: isCoordinator(cluster, id),
      ...(suspected === undefined ? {} : { suspected }),
      slots: cluster.volumes().filter(holds).length,
      ...(known === undefined
        ? {}
        : {
            ...{ disk: known.disk, answeredInMs: known.answeredInMs },
            requests: known.requests,
            // What a duty says is an object of its own form.
            duties: known.duties as ClusterNode['duties'] & {},
          }),
    };
  }

  /** After a restore; undefined: it can't be told now. */
  private isCollectionHeld(): Promise<boolean | undefined> {
    const options = { timeoutMs: viewTimeoutMs };
    return isCollectionHeld(this.deps.kv, options).catch(() => undefined);
  }
}

/** `secondsLeft` null: nothing was rebuilt lately, so nobody knows. */
function estimateRepair(bytesLeft: number, facts: readonly KnownFacts[]): RepairEstimate {
  const bytesPerSecond = facts.reduce((sum, known) => sum + known.repairBytesPerSecond, 0);
  const secondsLeft =
    bytesLeft === 0 ? 0 : bytesPerSecond > 0 ? Math.ceil(bytesLeft / bytesPerSecond) : null;
  return { bytesLeft, bytesPerSecond: Math.round(bytesPerSecond), secondsLeft };
}
