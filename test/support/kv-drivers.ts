/** The kv drivers, for tests that must hold on each of them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeWorld } from '#io/node/world.ts';
import { EtcdKv } from '#kv/etcd/etcd-kv.ts';
import type { Kv } from '#kv/kv.ts';
import { LmdbKv } from '#kv/lmdb/lmdb-kv.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { silentLogger } from '#observe/log.ts';
import { EtcdCluster } from './etcd-cluster.ts';

export interface Driver {
  readonly name: string;
  /** How many random runs fit into a few seconds. */
  readonly runs: number;
  /** Costs next to nothing: every case can run on it. */
  readonly isQuick: boolean;
  start(): Promise<{ readonly kv: Kv; readonly stop: () => Promise<void> }>;
}

const memory: Driver = {
  name: 'memory',
  runs: 150,
  isQuick: true,
  async start() {
    const kv = new MemoryKv(createNodeWorld());
    return { kv, stop: () => kv.close() };
  },
};

const lmdb: Driver = {
  name: 'lmdb',
  runs: 20,
  isQuick: false,
  async start() {
    const folder = await mkdtemp(join(tmpdir(), 'dftfs-names-'));
    const kv = await LmdbKv.open(createNodeWorld(), { folder });
    return {
      kv,
      async stop() {
        await kv.close();
        await rm(folder, { recursive: true });
      },
    };
  },
};

const etcd: Driver = {
  name: 'etcd',
  runs: 20,
  isQuick: false,
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

export const drivers: readonly Driver[] = [memory, lmdb, etcd];
