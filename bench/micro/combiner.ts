/**
 * Creates and look-ups a second by 64 callers at once, on a real etcd of three members that syncs
 * its log: one transaction each, combined in this process, and combined by way of the node
 * protocol.
 *
 * Run: `node bench/micro/combiner.ts`. Takes about 12 s.
 */
import { newBlobId, newOperationId, nodeId } from '#base/ids.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { EtcdKv } from '#kv/etcd/etcd-kv.ts';
import type { Compare, PutOp } from '#kv/kv.ts';
import { Combiner } from '#namespace/batching/combiner.ts';
import { CombiningCommitter, combiningDefaults } from '#namespace/batching/combining-committer.ts';
import { namesHandlers } from '#namespace/batching/names-handlers.ts';
import type { Committer, WriteRequest } from '#namespace/committer.ts';
import { DirectCommitter } from '#namespace/direct-committer.ts';
import { createLogger } from '#observe/log.ts';
import { backReferenceKey, fileKey, livenessKey, volumeKey } from '#protocol/keys.ts';
import { createRpcClient } from '#rpc/client.ts';
import { createRpcServer } from '#rpc/server.ts';
import { EtcdCluster } from '../../test/support/etcd-cluster.ts';

const callers = 64;
const warmUpMs = 300;
const runMs = 1500;
const options = { timeoutMs: 4500 };
const [near, far] = [nodeId('near'), nodeId('far')];
const world = createNodeWorld();
const log = createLogger((line) => process.stderr.write(`${line}\n`), world.clock.wall, 'warn');
const deps = { ...world, log };

const record = Buffer.alloc(220, 0x61);
const volume = volumeKey('00000000000000aa' as never);
const liveness = livenessKey(near);
const compare = (start: string, field: Compare['field'], value: number): Compare => ({
  ...{ start, field, value },
  relation: '=',
});
const put = (key: string, value: Buffer): PutOp => ({ kind: 'put', key, value });

let created = 0;

function creating(revision: number): WriteRequest {
  const path = `/bench/${created++}`;
  const blob = newBlobId(revision, world.random.bytes);
  return {
    operation: newOperationId(world.random.bytes),
    marker: 'direct',
    traces: [compare(`g/${blob}`, 'version', 0)],
    txn: {
      compare: [
        compare(fileKey(path), 'version', 0),
        compare(liveness, 'create', revision),
        compare(volume, 'mod', revision),
      ],
      then: [put(fileKey(path), record), put(backReferenceKey(blob, path), Buffer.alloc(0))],
      else: [fileKey(path), liveness, volume].map((start) => ({ kind: 'range', start })),
    },
  };
}

async function create(committer: Committer, revision: number): Promise<void> {
  const result = await committer.write(creating(revision), options);
  if (result.earlier || !result.succeeded) throw new Error('a create was refused');
}

async function look(committer: Committer): Promise<void> {
  const path = `/bench/${Math.floor(world.random.float() * created)}`;
  await committer.read([{ kind: 'range', start: fileKey(path) }], options);
}

async function rate(step: () => Promise<void>): Promise<string> {
  await measure(step, warmUpMs);
  return measure(step, runMs);
}

async function measure(step: () => Promise<void>, forMs: number): Promise<string> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  let done = 0;
  const caller = async () => {
    while (performance.now() - start < forMs) {
      await step();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = Math.round((done * 1000) / (performance.now() - start));
  return `${perSecond}/s, ${((user + system) / done).toFixed(0)} µs of this process's CPU each`;
}

const cluster = await EtcdCluster.start(3);
try {
  const kv = EtcdKv.create(deps, { endpoints: cluster.endpoints });
  const fences = [put(volume, record), put(liveness, record)];
  const { revision } = await kv.txn({ compare: [], then: fences, else: [] }, options);

  const direct = new DirectCommitter({ kv, ...world });
  const combiner = new Combiner({ kv, ...world });
  const identity = { incarnation: '1', clusterId: 'bench', secret: Buffer.from('bench') };
  const server = await createRpcServer(deps, {
    ...identity,
    ...{ self: far, host: '127.0.0.1', port: 0, handlers: namesHandlers(combiner) },
  });
  const resolve = () => ({ host: '127.0.0.1', port: server.port });
  const rpc = createRpcClient(deps, { ...identity, self: near, resolve });
  const committing = (node: typeof near) => {
    const map = {
      live: () => [node],
      sessionOf: () => 1,
      onChange: () => () => {},
      suspect: () => {},
    };
    const parts = { direct, combiner, rpc, map, clock: world.clock };
    return new CombiningCommitter(parts, { ...combiningDefaults, self: near });
  };

  const ways = { direct, 'combined here': committing(near), 'combined over rpc': committing(far) };
  for (const [name, committer] of Object.entries(ways)) {
    process.stdout.write(`create, ${name}: ${await rate(() => create(committer, revision))}\n`);
  }
  for (const [name, committer] of Object.entries(ways)) {
    process.stdout.write(`look up, ${name}: ${await rate(() => look(committer))}\n`);
  }
  rpc.close();
  await server.close();
  await kv.close();
} finally {
  await cluster.stop();
}
