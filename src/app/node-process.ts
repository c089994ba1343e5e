/** The composition root of a node: the only place that builds its parts and knows them all. */
import path from 'node:path';
import { asDftfsError } from '#base/errors.ts';
import { createBlobReader } from '#blob/read-blob.ts';
import { createRpcShardCalls } from '#blob/rpc-shard-calls.ts';
import { createVolumePicker } from '#blob/volume-picker.ts';
import { VolumeSealer } from '#blob/volume-sealer.ts';
import { createBlobWriter } from '#blob/write-blob.ts';
import { Cluster } from '#cluster/cluster.ts';
import type { NodeRecord } from '#cluster/cluster-map.ts';
import { NodeSession } from '#cluster/session.ts';
import type { NodeConfig } from '#config/node-config.ts';
import { createFiles } from '#files/create-files.ts';
import { createRestGateway, type RestGateway } from '#gateways/rest/gateway.ts';
import type { World } from '#io/world.ts';
import { EtcdKv } from '#kv/etcd/etcd-kv.ts';
import { EtcdMaintenance } from '#kv/etcd/maintenance.ts';
import type { Kv } from '#kv/kv.ts';
import { Combiner } from '#namespace/batching/combiner.ts';
import { CombiningCommitter, combiningDefaults } from '#namespace/batching/combining-committer.ts';
import { namesHandlers } from '#namespace/batching/names-handlers.ts';
import { OperationSweep } from '#namespace/batching/operation-sweep.ts';
import { DirectCommitter } from '#namespace/direct-committer.ts';
import { Namespace } from '#namespace/namespace.ts';
import type { Logger } from '#observe/log.ts';
import { createRpcClient, type NodeRpcClient } from '#rpc/client.ts';
import { pingMethod, type RpcHandlers } from '#rpc/rpc.ts';
import { createRpcServer, type RpcServer } from '#rpc/server.ts';
import { createLmdbIndexFactory } from '#storage/lmdb-index.ts';
import { openShardStore } from '#storage/open-shard-store.ts';
import { shardHandlers } from '#storage/shard-service.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import { NodeStatus } from './node-status.ts';
import { runSweep } from './run-sweep.ts';

/** What the tuning of one place has to know of another's. All in milliseconds. */
const tuning = {
  relistMs: 60_000,
  retryMs: 500,
  probeEveryMs: 200,
  probeTimeoutMs: 600,
  joinPauseMs: 500,
  directTryMs: 1000,
};

/** Parts that hold something, in the order in which they are opened. */
interface Closable {
  close(): unknown;
}

export class NodeProcess {
  private readonly world: World;
  private readonly config: NodeConfig;
  private readonly secret: Buffer;
  private readonly log: Logger;
  private readonly incarnation: string;
  private readonly open: Closable[] = [];

  constructor(world: World, config: NodeConfig, secret: Buffer, log: Logger) {
    this.world = world;
    this.config = config;
    this.secret = secret;
    this.log = log;
    this.incarnation = world.random.bytes(8).toString('hex');
  }

  /**
   * Resolves when the node serves; it joins the cluster in its own time, and says so in `/-/ready`.
   */
  async start(signal: AbortSignal): Promise<void> {
    const store = this.closing(await this.openStore());
    const kv = this.closing(this.connectKv());
    const combiner = new Combiner({ ...this.world, kv });
    const handlers = { ...shardHandlers(store), ...namesHandlers(combiner) };
    this.closing(await this.serveNodes(handlers));
    let cluster: Cluster;
    const rpc = this.closing(this.connectNodes(handlers, (id) => cluster.node(id)));
    cluster = this.closing(this.watchCluster(kv, rpc));
    const session = this.closing(this.createSession(kv));
    const committer = this.closing(this.createCommitter(kv, rpc, cluster, combiner));
    const namespace = new Namespace({ ...this.world, committer, kv, session });
    const files = this.createFiles(kv, rpc, cluster, session, namespace);
    const status = new NodeStatus({
      cluster,
      session,
      kv,
      store,
      maintenance: this.closing(this.etcdMaintenance()),
      combiner: () => committer.combinerNode,
    });
    const gateway = this.closing(
      createRestGateway({ ...this.world, log: this.log, files, status }),
    );
    void this.join(cluster, session, signal);
    await this.openDoors(gateway);
    const sweep = new OperationSweep({ kv, clock: this.world.clock });
    this.closing(runSweep(sweep, this.world.timers, this.log));
    this.log.info('node serves', { incarnation: this.incarnation });
  }

  async close(): Promise<void> {
    for (const part of this.open.reverse()) await part.close();
  }

  private closing<T extends Closable>(part: T): T {
    this.open.push(part);
    return part;
  }

  private openStore(): Promise<ShardStore> {
    const { cluster, node } = this.config;
    return openShardStore(
      { ...this.world, log: this.log, indexFactory: createLmdbIndexFactory() },
      { folder: path.join(node.dataFolder, 'store'), clusterId: cluster.id, nodeId: node.id },
    );
  }

  private connectKv(): Kv {
    const endpoints = this.config.cluster.etcdEndpoints;
    return EtcdKv.create({ ...this.world, log: this.log }, { endpoints });
  }

  private etcdMaintenance(): EtcdMaintenance {
    return new EtcdMaintenance(this.world, { endpoints: this.config.cluster.etcdEndpoints });
  }

  private identity() {
    const { cluster, node } = this.config;
    const { incarnation, secret } = this;
    return { self: node.id, incarnation, clusterId: cluster.id, secret };
  }

  private serveNodes(handlers: RpcHandlers): Promise<RpcServer> {
    const { host, rpcPort } = this.config.node;
    const options = { ...this.identity(), host, port: rpcPort, handlers };
    return createRpcServer({ ...this.world, log: this.log }, options);
  }

  private connectNodes(
    local: RpcHandlers,
    node: (id: NodeRecord['id']) => NodeRecord | undefined,
  ): NodeRpcClient {
    return createRpcClient(
      { ...this.world, log: this.log },
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
      { self: this.config.node.id, ...tuning },
    );
  }

  private createSession(kv: Kv): NodeSession {
    const { node, cluster } = this.config;
    const record: NodeRecord = {
      id: node.id,
      host: node.advertisedHost ?? node.host,
      port: node.rpcPort,
      httpPort: node.httpPort,
      zone: node.zone,
      capacityBytes: node.capacityBytes ?? 0,
      draining: false,
      incarnation: this.incarnation,
    };
    // Whoever answers at the address of our name: over a connection of its own, or it would be
    // ourselves.
    const probe = (other: NodeRecord) => this.incarnationAt(other);
    return new NodeSession(
      { ...this.world, kv, log: this.log, probe },
      { record, leaseTtlMs: cluster.leaseTtlMs },
    );
  }

  private async incarnationAt(other: NodeRecord): Promise<string | undefined> {
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

  private createCommitter(kv: Kv, rpc: NodeRpcClient, map: Cluster, combiner: Combiner) {
    const direct = new DirectCommitter({ ...this.world, kv }, { tryTimeoutMs: tuning.directTryMs });
    return new CombiningCommitter(
      { direct, combiner, rpc, map, clock: this.world.clock },
      { ...combiningDefaults, self: this.config.node.id },
    );
  }

  private createFiles(
    kv: Kv,
    rpc: NodeRpcClient,
    map: Cluster,
    session: NodeSession,
    namespace: Namespace,
  ) {
    const { world, log } = this;
    const shards = createRpcShardCalls(rpc);
    const picker = createVolumePicker({ kv, map, world, log });
    const sealer = new VolumeSealer({ kv, map, log });
    const writer = createBlobWriter({ shards, map, session, picker, sealer, world, log });
    const self = this.config.node.id;
    const reader = createBlobReader({ shards, map, kv, self, world, log });
    return createFiles({ namespace, writer, reader, map });
  }

  private async openDoors(gateway: RestGateway): Promise<void> {
    const { host, httpPort, publicFd, publicPort } = this.config.node;
    await gateway.listen({ host, port: httpPort });
    if (publicFd !== null) await gateway.listen({ fd: publicFd });
    else if (publicPort !== null) {
      await gateway.listen({ host, port: publicPort, reusePort: true });
    }
  }

  /** Until it works: etcd may come up after this node, or be away for a while. */
  private async join(cluster: Cluster, session: NodeSession, signal: AbortSignal): Promise<void> {
    for (let mapped = false; !signal.aborted; ) {
      try {
        if (!mapped) await cluster.start();
        mapped = true;
        await session.start();
        return;
      } catch (error) {
        if (asDftfsError(error).code === 'peer_refused') throw error;
        this.log.warn('not joined yet', { error });
        await this.world.timers.sleep(tuning.joinPauseMs, signal).catch(() => {});
      }
    }
  }
}
