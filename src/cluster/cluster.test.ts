import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { nodeId } from '#base/ids.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import { silentLogger } from '#observe/log.ts';
import { drainKey } from '#protocol/keys.ts';
import { drop, put } from '../../test/support/names-fixture.ts';
import { Cluster } from './cluster.ts';
import type { NodeRegistration } from './registration.ts';
import { NodeSession } from './session.ts';

const world = createNodeWorld();
const self = nodeId('n1');
const registration: NodeRegistration = {
  id: self,
  host: '127.0.0.1',
  port: 1,
  httpPort: 2,
  zone: 'local',
  capacityBytes: 1000,
  incarnation: 'first',
  diskId: 'ab',
  generation: 1,
};

async function watched(context: TestContext, kv: MemoryKv): Promise<Cluster> {
  const probe = async () => {};
  const cluster = new Cluster(
    { ...world, kv, log: silentLogger, probe, dropCalls: () => {} },
    { self, relistMs: 60_000, retryMs: 10, probeEveryMs: 60_000, probeTimeoutMs: 100 },
  );
  await cluster.start();
  context.after(() => cluster.close());
  return cluster;
}

function sessionOf(kv: MemoryKv, change: Partial<NodeRegistration> = {}): NodeSession {
  return new NodeSession(
    { ...world, kv, log: silentLogger, probe: async () => undefined },
    { record: { ...registration, ...change }, diskIsNew: false, leaseTtlMs: 60_000, era: 0 },
  );
}

async function until(cluster: Cluster, holds: () => boolean): Promise<void> {
  if (holds()) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const limit = setTimeout(() => reject(new Error('not in time')), 5000);
  const stop = cluster.onChange(() => {
    if (holds()) resolve();
  });
  await promise.finally(() => {
    clearTimeout(limit);
    stop();
  });
}

test('a node that registers anew is still draining', async (context) => {
  const kv = new MemoryKv(world);
  const cluster = await watched(context, kv);
  const before = sessionOf(kv);
  await before.start();
  await until(cluster, () => cluster.node(self)?.draining === false);
  await put(kv, drainKey(self), Buffer.alloc(0));
  await until(cluster, () => cluster.node(self)?.draining === true);
  await before.close();
  const after = sessionOf(kv, { incarnation: 'second' });
  context.after(() => after.close());
  await after.start();
  await until(cluster, () => cluster.node(self)?.incarnation === 'second');
  assert.equal(cluster.node(self)?.draining, true);
  await drop(kv, drainKey(self));
  await until(cluster, () => cluster.node(self)?.draining === false);
});
