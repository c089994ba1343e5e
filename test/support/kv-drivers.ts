/** The kv drivers, for tests that must hold on each of them. */
import { createNodeWorld } from '#io/node/world.ts';
import { EtcdKv } from '#kv/etcd/etcd-kv.ts';
import type { Kv } from '#kv/kv.ts';
import { silentLogger } from '#observe/log.ts';
import { EtcdCluster } from './etcd-cluster.ts';

export interface Driver {
  readonly name: string;
  /** How many random runs fit into a few seconds. */
  readonly runs: number;
  start(): Promise<{ readonly kv: Kv; readonly stop: () => Promise<void> }>;
}

const etcd: Driver = {
  name: 'etcd',
  runs: 20,
  async start() {
    const cluster = await EtcdCluster.start(1);
    const kv = EtcdKv.create({ ...createNodeWorld(), log: silentLogger }, cluster);
    return {
      kv,
      async stop() {
        await kv.close();
        await cluster.stop();
      },
    };
  },
};

export const drivers: readonly Driver[] = [etcd];
