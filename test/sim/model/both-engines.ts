/** The model and a real etcd of one member, for as long as they are compared. */
import { createNodeWorld } from '#io/node/world.ts';
import { revisionBase } from '#kv/eras.ts';
import { EtcdKv } from '#kv/etcd/etcd-kv.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { silentLogger } from '#observe/log.ts';
import { EtcdCluster } from '../../support/etcd-cluster.ts';
import type { Engine } from './replay.ts';

const timeoutMs = 10_000;

export async function withBothEngines<T>(
  era: number,
  act: (model: Engine, real: Engine) => Promise<T>,
): Promise<T> {
  const cluster = await EtcdCluster.start(1);
  const [endpoint = ''] = cluster.endpoints;
  const memory = new MemoryKv(createNodeWorld(), { era });
  const deps = { ...createNodeWorld(), log: silentLogger };
  const etcd = EtcdKv.create(deps, { endpoints: cluster.endpoints, era });
  const model = { kv: memory, compact: async (revision: number) => memory.compact(revision) };
  const real = {
    kv: etcd,
    compact: (revision: number) =>
      cluster.maintenance.compact(endpoint, revision - revisionBase(era), { timeoutMs }),
  };
  try {
    return await act(model, real);
  } finally {
    await memory.close();
    await etcd.close();
    await cluster.stop();
  }
}
