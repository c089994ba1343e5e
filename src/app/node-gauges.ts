/** What is looked up when somebody scrapes a node's metrics, and not kept between. */
import type { NodeId } from '#base/ids.ts';
import type { Cluster } from '#cluster/cluster.ts';
import type { NodeSession } from '#cluster/session.ts';
import type { FactsBook } from '#duties/facts/facts-book.ts';
import { describeProtection } from '#duties/facts/protection.ts';
import type { NamesUpkeep } from '#duties/names-upkeep/names-upkeep.ts';
import type { EtcdMaintenance } from '#kv/etcd/maintenance.ts';
import type { Kv } from '#kv/kv.ts';
import type { Counter, Family, Gauge, MetricRegister } from '#observe/metric-register.ts';
import type { ShardStore, ShardStoreStats } from '#storage/shard-store.ts';
import { countGarbage, type EtcdMemberView, viewEtcd, volumesByMargin } from './cluster-view.ts';
import { bytesRepaired } from './own-facts.ts';

export interface Watched {
  readonly cluster: Cluster;
  readonly session: Pick<NodeSession, 'node'>;
  readonly kv: Pick<Kv, 'members' | 'range'>;
  readonly store: Pick<ShardStore, 'stats'>;
  readonly facts: Pick<FactsBook, 'read'>;
  readonly maintenance: Pick<EtcdMaintenance, 'status'>;
  readonly namesUpkeep: Pick<NamesUpkeep, 'isFull'>;
  readonly combiner: () => NodeId | undefined;
  readonly copiesMin?: number | undefined;
  readonly isReady: () => boolean;
}

/** Of the whole cluster, as this node sees it: the same on all nodes, give or take a moment. */
class ClusterGauges {
  readonly #ready: Gauge;
  readonly #combiner: Gauge;
  readonly #nodes: Family<Gauge>;
  readonly #draining: Gauge;
  readonly #volumes: Family<Gauge>;
  readonly #wantedMargin: Gauge;
  readonly #underProtected: Gauge;
  readonly #withoutMargin: Gauge;
  readonly #unreadable: Gauge;
  readonly #repairLeft: Gauge;
  readonly #repairSlots: Gauge;
  readonly #movingLeft: Gauge;
  readonly #repaired: Counter;
  readonly #garbage: Family<Gauge>;

  constructor(register: MetricRegister) {
    const gauge = (name: string, help: string) => register.gauge(name, help).with();
    this.#ready = gauge('dftfs_node_ready', '1: the node is fit to serve.');
    this.#combiner = gauge('dftfs_names_is_combiner', '1: operations on names are combined here.');
    this.#nodes = register.gauge(
      'dftfs_nodes',
      'Registered nodes: live, away, or suspected by this one until their lease ends.',
      'state',
    );
    this.#draining = gauge('dftfs_nodes_draining', 'Nodes that are to be emptied.');
    this.#volumes = register.gauge(
      'dftfs_volumes',
      'Volumes, by how many more losses they survive; -1: unreadable now.',
      'margin',
    );
    this.#wantedMargin = gauge(
      'dftfs_protection_wanted_losses',
      'Losses that can be promised to be survived, with as many nodes as live now.',
    );
    this.#underProtected = gauge(
      'dftfs_protection_under_protected_bytes',
      'Bytes of files that survive fewer.',
    );
    this.#withoutMargin = gauge(
      'dftfs_protection_without_margin_bytes',
      'Bytes of files that survive none.',
    );
    this.#unreadable = gauge(
      'dftfs_protection_unreadable_bytes',
      'Bytes of files that can not be read until a node returns.',
    );
    this.#repairLeft = gauge('dftfs_repair_left_bytes', 'Shards that are still to be made anew.');
    this.#repairSlots = gauge('dftfs_repair_left_slots', 'Members of volumes that lack some.');
    this.#movingLeft = gauge('dftfs_moving_left_bytes', 'Shards on their way to another node.');
    this.#repaired = register
      .counter('dftfs_repair_done_bytes_total', 'Shards that this node made anew.')
      .with();
    this.#garbage = register.gauge(
      'dftfs_garbage_queued_blobs',
      'Removed content whose space is not back yet; counted up to 1000.',
    );
  }

  async find({
    cluster,
    session,
    facts,
    kv,
    combiner,
    copiesMin,
    isReady,
  }: Watched): Promise<void> {
    this.#ready.value = isReady() ? 1 : 0;
    this.#combiner.value = combiner() === session.node ? 1 : 0;
    this.#countNodes(cluster);
    const margins = { '-1': 0, '0': 0, '1': 0, '2': 0, ...volumesByMargin(cluster) };
    this.#volumes.clear();
    for (const [margin, count] of Object.entries(margins)) {
      this.#volumes.with(String(Math.max(-1, Number(margin)))).value += count;
    }
    const [known, garbage] = await Promise.all([facts.read(), countGarbage(kv)]);
    const view = { volumes: cluster.volumes(), live: cluster.live(), facts: known, copiesMin };
    const protection = describeProtection(view);
    this.#wantedMargin.value = protection.wantedMargin;
    this.#underProtected.value = protection.underProtected.bytes;
    this.#withoutMargin.value = protection.withoutMargin.bytes;
    this.#unreadable.value = protection.unreadable.bytes;
    this.#repairLeft.value = protection.rebuilding.bytesLeft;
    this.#repairSlots.value = protection.rebuilding.slots;
    this.#movingLeft.value = protection.moving.bytesLeft;
    const own = known.get(session.node);
    if (own !== undefined) this.#repaired.value = bytesRepaired(own.duties);
    this.#garbage.clear();
    if (garbage !== undefined) this.#garbage.with().value = garbage.queued;
  }

  #countNodes(cluster: Cluster): void {
    const stateOf = (id: NodeId) => {
      if (cluster.isLive(id)) return 'live';
      return cluster.sessionOf(id) === undefined ? 'away' : 'suspected';
    };
    for (const state of ['live', 'suspected', 'away']) this.#nodes.with(state).value = 0;
    const nodes = cluster.nodes();
    for (const { id } of nodes) this.#nodes.with(stateOf(id)).value += 1;
    this.#draining.value = nodes.filter(({ draining }) => draining).length;
  }
}

/** Of this node's disk. */
class StoreGauges {
  readonly #gauges: Readonly<Record<string, Gauge>>;
  readonly #corrupt: Counter;
  readonly #failedReads: Counter;

  constructor(register: MetricRegister) {
    const gauge = (name: string, help: string) =>
      register.gauge(`dftfs_store_${name}`, help).with();
    this.#gauges = {
      shards: gauge('shards', 'Shards on the disk of this node.'),
      liveBytes: gauge('live_bytes', 'Bytes of those.'),
      segmentBytes: gauge('segment_bytes', 'Bytes of all segment files.'),
      deadBytes: gauge('dead_bytes', 'Of those, what compaction could win back.'),
      freeBytes: gauge('disk_free_bytes', 'Free space of the disk.'),
      totalBytes: gauge('disk_size_bytes', 'Size of the disk.'),
      damaged: gauge('damaged_shards', 'Shards known to be damaged now.'),
      full: gauge('full', '1: the disk takes no more shards.'),
      fenced: gauge('fenced', '1: the disk failed, and nothing is written until a restart.'),
      slowestSeconds: gauge('slowest_operation_seconds', 'Longest operation of the last 10 s.'),
    };
    const counter = (name: string, help: string) => register.counter(name, help).with();
    this.#corrupt = counter('dftfs_store_corrupt_records_total', 'Damaged records that were met.');
    this.#failedReads = counter(
      'dftfs_store_failed_reads_total',
      'Reads that the disk answered with an error.',
    );
  }

  show(stats: ShardStoreStats): void {
    const { full, fenced, slowestMs, corrupt, failedReads } = stats;
    const found: Readonly<Record<string, unknown>> = {
      ...stats,
      full: Number(full),
      fenced: Number(fenced !== undefined),
      slowestSeconds: slowestMs / 1000,
    };
    for (const [name, gauge] of Object.entries(this.#gauges)) gauge.value = Number(found[name]);
    this.#corrupt.value = corrupt;
    this.#failedReads.value = failedReads;
  }
}

/** Of etcd, as its members say themselves. */
class EtcdGauges {
  readonly #healthy: Family<Gauge>;
  readonly #leader: Family<Gauge>;
  readonly #db: Family<Gauge>;
  readonly #inUse: Family<Gauge>;
  readonly #full: Gauge;

  constructor(register: MetricRegister) {
    const gauge = (name: string, help: string) => register.gauge(name, help, 'endpoint');
    this.#healthy = gauge('dftfs_etcd_member_healthy', '1: it answers, and knows a leader.');
    this.#leader = gauge('dftfs_etcd_member_is_leader', '1: it is the leader.');
    this.#db = gauge('dftfs_etcd_db_bytes', 'Size of its database.');
    this.#inUse = gauge('dftfs_etcd_db_in_use_bytes', 'Of that, what is in use.');
    this.#full = register
      .gauge('dftfs_names_full', '1: there is no space left for names; writes answer 507.')
      .with();
  }

  show(members: readonly EtcdMemberView[], isFull: boolean): void {
    this.#full.value = Number(isFull);
    for (const family of [this.#healthy, this.#leader, this.#db, this.#inUse]) family.clear();
    for (const { endpoint, healthy, leader, dbBytes, dbBytesInUse } of members) {
      this.#healthy.with(endpoint).value = Number(healthy);
      this.#leader.with(endpoint).value = Number(leader === true);
      if (dbBytes !== undefined) this.#db.with(endpoint).value = dbBytes;
      if (dbBytesInUse !== undefined) this.#inUse.with(endpoint).value = dbBytesInUse;
    }
  }
}

export class NodeGauges {
  readonly #register: MetricRegister;
  readonly #cluster: ClusterGauges;
  readonly #store: StoreGauges;
  readonly #etcd: EtcdGauges;

  constructor(register: MetricRegister) {
    this.#register = register;
    this.#cluster = new ClusterGauges(register);
    this.#store = new StoreGauges(register);
    this.#etcd = new EtcdGauges(register);
  }

  /** From now on each scrape looks at these. What can't be told in time keeps its last value. */
  watch(inside: Watched): void {
    const { kv, maintenance, namesUpkeep, store } = inside;
    this.#register.onScrape(() => this.#cluster.find(inside));
    this.#register.onScrape(async () => this.#store.show(await store.stats()));
    this.#register.onScrape(async () =>
      this.#etcd.show(await viewEtcd(kv, maintenance), namesUpkeep.isFull),
    );
  }
}
