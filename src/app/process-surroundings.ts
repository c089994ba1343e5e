/** What a node that is a process stands on, and the doors before it: etcd, LMDB, HTTP. */
import { Access } from '#access/access.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { NodeConfig } from '#config/node-config.ts';
import { NodeAdmin } from '#duties/balance/node-admin.ts';
import { createRestGateway, type RestGateway } from '#gateways/rest/gateway.ts';
import { createNodePost } from '#io/node/post.ts';
import { readNodeVitals } from '#io/node/vitals.ts';
import type { World } from '#io/world.ts';
import { EtcdKv } from '#kv/etcd/etcd-kv.ts';
import { EtcdMaintenance } from '#kv/etcd/maintenance.ts';
import type { Kv } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import { createLmdbIndexFactory } from '#storage/lmdb-index.ts';
import { consoleFolder, readConsolePages } from './console-pages.ts';
import { createNodeObservers, type NodeObservers } from './node-observers.ts';
import {
  type ClientDoors,
  type NodeInside,
  type NodeSurroundings,
  nodeTuning,
} from './node-process.ts';
import type { NodeSecrets } from './node-secrets.ts';
import { NodeStatus } from './node-status.ts';

export function processSurroundings(
  world: World,
  config: NodeConfig,
  secrets: NodeSecrets,
  log: Logger,
): NodeSurroundings {
  const { etcdEndpoints: endpoints, era } = config.cluster;
  const sides = { post: createNodePost(), readVitals: readNodeVitals };
  const observers = createNodeObservers({ world, log, ...sides }, config);
  const metrics = observers.metrics?.etcd;
  const tls = secrets.tls?.cluster;
  return {
    observers,
    connectKv: () => EtcdKv.create({ ...world, tls, log, metrics }, { endpoints, era }),
    connectMaintenance: () => new EtcdMaintenance({ ...world, tls }, { endpoints }),
    indexFactory: createLmdbIndexFactory(),
    openDoors: (inside) => openDoors({ world, config, secrets, log, observers }, inside),
    tuning: nodeTuning,
  };
}

const doorsOf = (map: ClusterMap): string[] =>
  map.nodes().map(({ host, httpPort }) => `${host}:${httpPort}`);

interface DoorParts {
  readonly world: World;
  readonly config: NodeConfig;
  readonly secrets: NodeSecrets;
  readonly log: Logger;
  readonly observers: NodeObservers;
}

async function openDoors(parts: DoorParts, inside: NodeInside): Promise<ClientDoors> {
  const { world, config, secrets, log, observers } = parts;
  const { files, facts, kv, cluster: map } = inside;
  const access = createAccess(parts, kv);
  const status = new NodeStatus({ ...inside, access });
  const admin = new NodeAdmin({ kv, map, facts, log });
  const { metrics, tracer, audit, refusals } = observers;
  const isReady = () => status.notReadyReason() === undefined;
  metrics?.gauges.watch({ ...inside, isReady });
  const gateway = createRestGateway({
    ...{ ...world, log, files, status, admin, access, tracer, audit, refusals },
    tls: secrets.tls?.clients,
    metrics: metrics?.http,
    metricsText: metrics && (() => metrics.register.text()),
    pages: await readConsolePages(consoleFolder, { log, doors: () => doorsOf(map) }),
  });
  try {
    await listen(gateway, config);
  } catch (error) {
    await gateway.close();
    throw error;
  }
  void access?.start();
  return {
    get requestsBegun() {
      return gateway.requestsBegun;
    },
    async close() {
      await gateway.close();
      access?.close();
    },
  };
}

/** Undefined: nobody is asked for a token. */
function createAccess(parts: DoorParts, kv: Kv): Access | undefined {
  const { world, log, config } = parts;
  const { clusterSecret } = parts.secrets;
  const { tokens, era, adminTokenFile: file } = config.cluster;
  const { requestsPerTokenMax } = config.node;
  const options = { clusterSecret, era, file, requestsPerTokenMax };
  return tokens ? new Access({ kv, world, log }, options) : undefined;
}

async function listen(
  gateway: RestGateway,
  { node: { host: nodeHost, httpHost, httpPort, publicFd, publicPort } }: NodeConfig,
): Promise<void> {
  const host = httpHost ?? nodeHost;
  await gateway.listen({ host, port: httpPort });
  if (publicFd !== null) await gateway.listen({ fd: publicFd });
  else if (publicPort !== null) {
    await gateway.listen({ host, port: publicPort, reusePort: true });
  }
}
