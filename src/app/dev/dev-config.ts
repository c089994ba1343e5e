/** The settings of a node that is alone. */
import path from 'node:path';
import { type NodeConfig, nodeConfigOf } from '#config/node-config.ts';
import type { World } from '#io/world.ts';

export const devHost = '127.0.0.1';

export interface DevPorts {
  readonly http: number;
  readonly rpc: number;
}

export async function devConfig(
  world: Pick<World, 'disk' | 'random'>,
  folder: string,
  ports: DevPorts,
): Promise<NodeConfig> {
  const cluster = {
    id: await clusterId(world, folder),
    // There is no etcd: nobody is asked.
    etcdEndpoints: ['http://127.0.0.1:1'],
    etcdQuotaBytes: Number.MAX_SAFE_INTEGER,
  };
  const node = { id: 'dev', host: devHost, rpcPort: ports.rpc, httpPort: ports.http };
  return nodeConfigOf({ cluster, node }, folder);
}

/** Made at the first start: the shards on the disk are this cluster's. */
async function clusterId(
  { disk, random }: Pick<World, 'disk' | 'random'>,
  folder: string,
): Promise<string> {
  const file = path.join(folder, 'cluster-id');
  const known = await disk.readWhole(file);
  if (known !== undefined) return known.toString().trim();
  const id = random.bytes(16).toString('hex');
  await disk.writeWhole(file, Buffer.from(`${id}\n`));
  // Often the folder lies in a project.
  await disk.writeWhole(path.join(folder, '.gitignore'), Buffer.from('*\n'));
  return id;
}
