import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { EtcdCluster } from '../../../test/support/etcd-cluster.ts';
import { kvContract } from '../kv.contract.ts';
import { EtcdKv } from './etcd-kv.ts';

kvContract('EtcdKv', async () => {
  const cluster = await EtcdCluster.start(1);
  const { endpoints, maintenance } = cluster;
  const kv = EtcdKv.create({ ...createNodeWorld(), log: silentLogger }, { endpoints });
  return {
    kv,
    close: async () => {
      await kv.close();
      await cluster.stop();
    },
    compact: (revision) =>
      maintenance.compact(endpoints[0] as string, revision, { timeoutMs: 5000 }),
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
});
