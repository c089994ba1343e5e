/**
 * What etcd itself gives on this machine: bare creates, five members, one a transaction and 64 a
 * transaction.
 */
import { createNodeWorld } from '#io/node/world.ts';
import { EtcdKv } from '#kv/etcd/etcd-kv.ts';
import type { NestedTxn } from '#kv/kv.ts';
import { silentLogger } from '#observe/log.ts';
import { EtcdCluster } from '../test/support/etcd-cluster.ts';

export interface NamesLimit {
  readonly singleCreatesPerSecond: number;
  readonly batchedCreatesPerSecond: number;
}

const members = 5;
const runMs = 2000;
const value = Buffer.alloc(220, 1);
const options = { timeoutMs: 5000 };

export async function measureNamesLimit(): Promise<NamesLimit> {
  const etcd = await EtcdCluster.start(members);
  const world = createNodeWorld();
  const kv = EtcdKv.create({ ...world, log: silentLogger }, { endpoints: etcd.endpoints });
  let made = 0;
  const create = (): NestedTxn => {
    const key = `f/bench/${made++}`;
    return {
      kind: 'txn',
      compare: [{ start: key, field: 'version', relation: '=', value: 0 }],
      then: [
        { kind: 'put', key, value },
        { kind: 'put', key: `b${key}`, value: Buffer.alloc(0) },
      ],
      else: [],
    };
  };
  const rate = async (size: number) => {
    const before = made;
    const began = performance.now();
    while (performance.now() - began < runMs) {
      const then = Array.from({ length: size }, create);
      await kv.txn({ compare: [], then, else: [] }, options);
    }
    return (made - before) / ((performance.now() - began) / 1000);
  };
  try {
    await rate(1);
    return { singleCreatesPerSecond: await rate(1), batchedCreatesPerSecond: await rate(64) };
  } finally {
    await kv.close();
    await etcd.stop();
  }
}
