/** What a node that is a process stands on, and the doors before it: etcd, LMDB, HTTP. */
import type { NodeConfig } from '#config/node-config.ts';
import { NodeAdmin } from '#duties/balance/node-admin.ts';
import { createRestGateway, type RestGateway } from '#gateways/rest/gateway.ts';
import type { World } from '#io/world.ts';
import { EtcdKv } from '#kv/etcd/etcd-kv.ts';
import { EtcdMaintenance } from '#kv/etcd/maintenance.ts';
import type { Logger } from '#observe/log.ts';
import { createLmdbIndexFactory } from '#storage/lmdb-index.ts';
import { consoleFolder, readConsolePages } from './console-pages.ts';
import {
  type ClientDoors,
  type NodeInside,
  type NodeSurroundings,
  nodeTuning,
} from './node-process.ts';
import { NodeStatus } from './node-status.ts';

export function processSurroundings(
  world: World,
  config: NodeConfig,
  log: Logger,
): NodeSurroundings {
  const { etcdEndpoints: endpoints, era } = config.cluster;
  return {
    connectKv: () => EtcdKv.create({ ...world, log }, { endpoints, era }),
    connectMaintenance: () => new EtcdMaintenance(world, { endpoints }),
    indexFactory: createLmdbIndexFactory(),
    openDoors: (inside) => openDoors(world, config, log, inside),
    tuning: nodeTuning,
  };
}

async function openDoors(
  world: World,
  config: NodeConfig,
  log: Logger,
  inside: NodeInside,
): Promise<ClientDoors> {
  const { files, facts, kv, cluster: map } = inside;
  const status = new NodeStatus(inside);
  const admin = new NodeAdmin({ kv, map, facts, log });
  const pages = await readConsolePages(consoleFolder, log);
  const gateway = createRestGateway({ ...world, log, files, status, admin, pages });
  try {
    await listen(gateway, config);
  } catch (error) {
    await gateway.close();
    throw error;
  }
  return {
    get requestsBegun() {
      return gateway.requestsBegun;
    },
    requestCounts: () => gateway.requestCounts(),
    close: () => gateway.close(),
  };
}

async function listen(
  gateway: RestGateway,
  { node: { host, httpPort, publicFd, publicPort } }: NodeConfig,
): Promise<void> {
  await gateway.listen({ host, port: httpPort });
  if (publicFd !== null) await gateway.listen({ fd: publicFd });
  else if (publicPort !== null) {
    await gateway.listen({ host, port: publicPort, reusePort: true });
  }
}
