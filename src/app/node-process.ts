/**
 * The composition root of a node: the only place that builds its parts and knows them all. What a
 * node stands on and what stands before it is handed in, so that a simulation builds the same node.
 */
import path from 'node:path';
import { asDftfsError } from '#base/errors.ts';
import type { NodeId } from '#base/ids.ts';
import { release } from '#base/release.ts';
import { BlobsUnderWay } from '#blob/blobs-under-way.ts';
import { createBlobReader } from '#blob/read-blob.ts';
import { createRpcShardCalls } from '#blob/rpc-shard-calls.ts';
import type { ShardCalls } from '#blob/shard-calls.ts';
import { createVolumePicker } from '#blob/volume-picker.ts';
import { VolumeSealer } from '#blob/volume-sealer.ts';
import { copiesMinDefault } from '#blob/width.ts';
import { createBlobWriter } from '#blob/write-blob.ts';
import { Cluster } from '#cluster/cluster.ts';
import type { NodeRecord } from '#cluster/cluster-map.ts';
import { foreignProtocol } from '#cluster/foreign-protocol.ts';
import type { NodeRegistration } from '#cluster/registration.ts';
import { NodeSession } from '#cluster/session.ts';
import type { NodeConfig } from '#config/node-config.ts';
import { FactsBook } from '#duties/facts/facts-book.ts';
import type { NamesUpkeep } from '#duties/names-upkeep/names-upkeep.ts';
import { upkeepHandlers } from '#duties/repair/upkeep-handlers.ts';
import { createFiles } from '#files/create-files.ts';
import type { Files } from '#files/files.ts';
import type { World } from '#io/world.ts';
import type { EtcdMaintenance } from '#kv/etcd/maintenance.ts';
import type { Kv } from '#kv/kv.ts';
import { Combiner } from '#namespace/batching/combiner.ts';
import { CombiningCommitter, combiningDefaults } from '#namespace/batching/combining-committer.ts';
import { namesHandlers } from '#namespace/batching/names-handlers.ts';
import { DirectCommitter } from '#namespace/direct-committer.ts';
import { Namespace } from '#namespace/namespace.ts';
import type { Logger } from '#observe/log.ts';
import { createRpcClient, type NodeRpcClient } from '#rpc/client.ts';
import { protocolVersion } from '#rpc/frame.ts';
import { pingMethod, type RpcHandlers } from '#rpc/rpc.ts';
import { createRpcServer, type RpcServer } from '#rpc/server.ts';
import { HealingShardStore } from '#storage/healing-shard-store.ts';
import type { ShardIndexFactory } from '#storage/shard-index.ts';
import { shardHandlers } from '#storage/shard-service.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import { checkMounted } from './data-mount.ts';
import { dutyPace } from './duty-pace.ts';
import { createAges, createNamesUpkeep } from './names-upkeep.ts';
import { createDuties, createSlotFiller } from './node-duties.ts';
import type { NodeObservers } from './node-observers.ts';
import { OwnFacts } from './own-facts.ts';

/** What the tuning of one place has to know of another's. All in milliseconds. */
export const nodeTuning = {
  relistMs: 60_000,
  retryMs: 500,
  probeEveryMs: 200,
  probeTimeoutMs: 600,
  joinPauseMs: 500,
  directTryMs: 1000,
  duties: dutyPace,
};

export type Maintenance = Pick<EtcdMaintenance, keyof EtcdMaintenance>;

/** What doors for clients lead to. */
export interface NodeInside {
  readonly files: Files;
  readonly cluster: Cluster;
  readonly session: NodeSession;
  readonly kv: Kv;
  readonly store: ShardStore;
  readonly facts: FactsBook;
  readonly maintenance: Maintenance;
  readonly namesUpkeep: NamesUpkeep;
  /** Where this node's operations on names go to be combined. */
  readonly combiner: () => NodeId | undefined;
  /** As its surroundings say. */
  readonly copiesMin?: 1 | undefined;
  /** It was told to stop. */
  readonly isStopping: () => boolean;
}

export interface ClientDoors {
  /** Requests of clients so far. */
  readonly requestsBegun: number;
  close(): unknown;
}

export interface NodeSurroundings {
  connectKv(): Kv;
  connectMaintenance(): Maintenance;
  readonly indexFactory: ShardIndexFactory;
  /** Of the shard store's files; undefined: as large as is good. */
  readonly segmentBytesMax?: number;
  /** Resolves when clients can come in. */
  openDoors(inside: NodeInside): Promise<ClientDoors>;
  /** Left out: nobody watches. */
  readonly observers?: NodeObservers;
  readonly tuning: typeof nodeTuning;
  /** Left out: what the product promises. 1: this node is alone, and nothing survives its loss. */
  readonly copiesMin?: 1;
}

/** Parts that hold something, in the order in which they are opened. */
interface Closable {
  close(): unknown;
}

export class NodeProcess {
  private readonly world: World;
  private readonly config: NodeConfig;
  private readonly secret: Buffer;
  private readonly log: Logger;
  private readonly around: NodeSurroundings;
  private readonly incarnation: string;
  private readonly open: Closable[] = [];

  constructor(
    world: World,
    config: NodeConfig,
    secret: Buffer,
    log: Logger,
    surroundings: NodeSurroundings,
  ) {
    this.world = world;
    this.config = config;
    this.secret = secret;
    this.log = log;
    this.around = surroundings;
    this.incarnation = world.random.bytes(8).toString('hex');
    if (surroundings.observers) this.closing(surroundings.observers);
  }

  /**
   * Resolves when the node serves; it joins the cluster in its own time, and says so in `/-/ready`.
   */
  async start(signal: AbortSignal): Promise<void> {
    const store = this.closing(await this.openStore());
    const kv = this.closing(this.around.connectKv());
    const combiner = new Combiner({ ...this.world, kv, metrics: this.metrics?.names });
    let session: NodeSession | undefined;
    const ownFacts = new OwnFacts({
      ...{ store, clock: this.world.clock, standing: () => session?.standing },
      requests: () => this.metrics?.http.ofFiles(),
    });
    let cluster: Cluster;
    let rpc: NodeRpcClient;
    const underWay = new BlobsUnderWay();
    const shards = createRpcShardCalls({ call: (...call) => rpc.call(...call) });
    const filler = this.createFiller(store, shards, () => cluster);
    const handlers = {
      ...shardHandlers(store, () => session?.standing !== undefined),
      ...namesHandlers(combiner),
      ...upkeepHandlers({ kv, filler, underWay, session: () => session?.revision }),
      ...ownFacts.handlers,
    };
    this.closing(await this.serveNodes(handlers));
    rpc = this.closing(this.connectNodes(handlers, (id) => cluster.node(id)));
    cluster = this.closing(this.watchCluster(kv, rpc));
    session = this.closing(await this.createSession(kv, store));
    const committer = this.closing(this.createCommitter(kv, rpc, cluster, combiner));
    const namespace = new Namespace({ ...this.world, committer, kv, session });
    const maintenance = this.closing(this.around.connectMaintenance());
    const ages = createAges(this.config, this.around.tuning.duties);
    const namesUpkeep = createNamesUpkeep({ ...this.parts(), kv, maintenance, map: cluster, ages });
    const blobs = this.createBlobs(kv, shards, cluster, session, underWay);
    const files = createFiles({
      ...blobs,
      namespace,
      map: cluster,
      areNamesFull: () => namesUpkeep.isFull,
    });
    const facts = new FactsBook({ rpc, map: cluster, clock: this.world.clock });
    void this.join(cluster, session, signal);
    const doors = this.closing(
      await this.around.openDoors({
        ...{ files, cluster, session, kv, store, facts, maintenance, namesUpkeep },
        combiner: () => committer.combinerNode,
        ...{ copiesMin: this.around.copiesMin, isStopping: () => signal.aborted },
      }),
    );
    this.closing(
      createDuties({
        ...this.parts(),
        ...blobs,
        namespace,
        kv,
        store,
        session,
        ...{ facts, ownFacts, ages },
        map: cluster,
        shards,
        filler,
        namesUpkeep,
        requests: () => doors.requestsBegun,
        pace: this.around.tuning.duties,
      }),
    ).start();
    this.log.info('node serves', { incarnation: this.incarnation });
  }

  async close(): Promise<void> {
    for (const part of this.open.reverse()) await part.close();
  }

  private closing<T extends Closable>(part: T): T {
    this.open.push(part);
    return part;
  }

  private async openStore(): Promise<ShardStore> {
    const { cluster, node } = this.config;
    const { capacityBytes } = node;
    const { segmentBytesMax } = this.around;
    const folder = path.join(node.dataFolder, 'store');
    if (node.requireMount) await checkMounted(node.dataFolder, folder);
    return await HealingShardStore.open(
      {
        ...{ ...this.world, log: this.log, indexFactory: this.around.indexFactory },
        metrics: this.metrics?.store,
      },
      {
        ...{ folder, clusterId: cluster.id, nodeId: node.id },
        ...(capacityBytes === null ? {} : { capacityBytes }),
        ...(segmentBytesMax === undefined ? {} : { segmentBytesMax }),
      },
    );
  }

  private get metrics() {
    return this.around.observers?.metrics;
  }

  private parts() {
    const { world, log, config, incarnation } = this;
    return { world, log, config, incarnation, self: config.node.id };
  }

  private identity() {
    const { cluster, node } = this.config;
    const { incarnation, secret } = this;
    return { self: node.id, incarnation, clusterId: cluster.id, secret };
  }

  private serveNodes(handlers: RpcHandlers): Promise<RpcServer> {
    const { host, rpcPort } = this.config.node;
    const options = { ...this.identity(), host, port: rpcPort, handlers };
    const tracer = this.around.observers?.tracer;
    return createRpcServer({ ...this.world, log: this.log, tracer }, options);
  }

  private connectNodes(
    local: RpcHandlers,
    node: (id: NodeRecord['id']) => NodeRecord | undefined,
  ): NodeRpcClient {
    return createRpcClient(
      { ...this.world, log: this.log, metrics: this.metrics?.rpc },
      { ...this.identity(), resolve: node, local },
    );
  }

  private watchCluster(kv: Kv, rpc: NodeRpcClient): Cluster {
    return new Cluster(
      {
        ...this.world,
        kv,
        log: this.log,
        probe: async (node, timeoutMs) => {
          await rpc.call(node, { method: pingMethod, head: null }, { timeoutMs });
        },
        dropCalls: (node, reason) => rpc.drop(node, reason),
      },
      { self: this.config.node.id, ...this.around.tuning },
    );
  }

  private async createSession(kv: Kv, store: ShardStore): Promise<NodeSession> {
    const { node, cluster } = this.config;
    const { diskId, generation, isNew } = store;
    const { totalBytes } = await store.stats();
    const record: NodeRegistration = {
      id: node.id,
      host: node.advertisedHost ?? node.host,
      port: node.rpcPort,
      httpPort: node.httpPort,
      zone: node.zone,
      capacityBytes: Math.min(node.capacityBytes ?? totalBytes, totalBytes),
      incarnation: this.incarnation,
      release,
      protocol: protocolVersion,
      diskId,
      generation,
    };
    // Whoever answers at the address of our name: over a connection of its own, or it would be
    // ourselves.
    const probe = (other: NodeRegistration) => this.incarnationAt(other);
    return new NodeSession(
      { ...this.world, kv, log: this.log, probe },
      { record, diskIsNew: isNew, leaseTtlMs: cluster.leaseTtlMs, era: cluster.era },
    );
  }

  private async incarnationAt(other: NodeRegistration): Promise<string | undefined> {
    const client = createRpcClient(
      { ...this.world, log: this.log },
      { ...this.identity(), resolve: () => other },
    );
    try {
      await client.call(other.id, { method: pingMethod, head: null }, { timeoutMs: 600 });
      return client.incarnationOf(other.id);
    } catch {
      return undefined;
    } finally {
      client.close();
    }
  }

  /** It is there before the cluster is watched: others may ask for shards as soon as it serves. */
  private createFiller(store: ShardStore, shards: ShardCalls, cluster: () => Cluster) {
    return createSlotFiller({
      ...this.parts(),
      ...{ store, shards },
      map: {
        nodes: () => cluster().nodes(),
        isLive: (id) => cluster().isLive(id),
        suspect: (id, why) => cluster().suspect(id, why),
      },
    });
  }

  private createCommitter(kv: Kv, rpc: NodeRpcClient, map: Cluster, combiner: Combiner) {
    const direct = new DirectCommitter(
      { ...this.world, kv },
      { tryTimeoutMs: this.around.tuning.directTryMs },
    );
    return new CombiningCommitter(
      { direct, combiner, rpc, map, clock: this.world.clock, metrics: this.metrics?.names },
      { ...combiningDefaults, self: this.config.node.id },
    );
  }

  private createBlobs(
    kv: Kv,
    shards: ShardCalls,
    map: Cluster,
    session: NodeSession,
    underWay: BlobsUnderWay,
  ) {
    const { world, log } = this;
    const { copiesMin = copiesMinDefault } = this.around;
    const picker = createVolumePicker({ kv, map, world, log }, { copiesMin });
    const sealer = new VolumeSealer({ kv, map, log });
    const parts = { shards, map, session, picker, sealer, underWay, world, log };
    const writer = createBlobWriter(parts);
    const self = this.config.node.id;
    const metrics = this.metrics?.reads;
    const reader = createBlobReader({ shards, map, kv, self, world, log, metrics });
    return { writer, reader };
  }

  /** Until it works: etcd may come up after this node, or be away for a while. */
  private async join(cluster: Cluster, session: NodeSession, signal: AbortSignal): Promise<void> {
    let told: string | undefined;
    for (let mapped = false; !signal.aborted; ) {
      try {
        if (!mapped) await cluster.start();
        mapped = true;
        const foreign = foreignProtocol(cluster);
        if (foreign === undefined) return await session.start();
        if (foreign !== told) this.log.error('kept out of the cluster', { reason: foreign });
        told = foreign;
      } catch (error) {
        if (signal.aborted) return;
        if (asDftfsError(error).code === 'peer_refused') throw error;
        this.log.warn('not joined yet', { error });
      }
      await this.world.timers.sleep(this.around.tuning.joinPauseMs, signal).catch(() => {});
    }
  }
}
