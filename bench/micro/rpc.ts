/**
 * Node-to-node calls between two processes on loopback: small calls per second and CPU per call
 * (both processes together) at several concurrencies, then large bodies both ways.
 *
 *   node bench/micro/rpc.ts [seconds per point]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { nodeId } from '#base/ids.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { createRpcClient } from '#rpc/client.ts';
import { type Body, bodyLength, type RpcClient } from '#rpc/rpc.ts';
import { createRpcServer } from '#rpc/server.ts';

const server = nodeId('server');
const client = nodeId('client');
const common = { incarnation: '1', clusterId: 'bench', secret: Buffer.alloc(32, 7) };
const deps = { ...createNodeWorld(), log: silentLogger };
const small = Buffer.alloc(4 * 1024, 1);
const large = Buffer.alloc(512 * 1024, 2);
/** Packs to about 200 bytes. */
const head = {
  volume: 'e'.repeat(16),
  blob: 'f'.repeat(32),
  stripe: 12,
  slot: 3,
  crc: 0xdeadbeef,
  path: 'p'.repeat(130),
};

async function serve(): Promise<void> {
  const { port } = await createRpcServer(deps, {
    ...common,
    self: server,
    host: '127.0.0.1',
    port: 0,
    handlers: {
      'bench.small': async () => ({ head, body: [small] }),
      'bench.write': async (_head, body) => ({ head: { bytes: bodyLength(body) } }),
      'bench.read': async () => ({ head, body: [large] }),
    },
  });
  process.on('message', () => process.send?.(process.cpuUsage()));
  process.on('disconnect', () => process.exit(0));
  process.send?.(port);
}

async function serverCpu(child: ChildProcess): Promise<NodeJS.CpuUsage> {
  child.send('cpu');
  const [usage] = await once(child, 'message');
  return usage as NodeJS.CpuUsage;
}

interface Point {
  readonly name: string;
  readonly method: string;
  readonly body: Body;
  readonly concurrency: number;
}

const micros = (from: NodeJS.CpuUsage, to: NodeJS.CpuUsage): number =>
  to.user + to.system - from.user - from.system;

async function measure(rpc: RpcClient, child: ChildProcess, point: Point, ms: number) {
  const { method, body, concurrency } = point;
  const theirs = await serverCpu(child);
  const ours = process.cpuUsage();
  const began = deps.clock.now();
  let calls = 0;
  const work = async () => {
    while (deps.clock.now() - began < ms) {
      await rpc.call(server, { method, head, body }, { timeoutMs: 5_000 });
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  const seconds = (deps.clock.now() - began) / 1_000;
  const client = micros(ours, process.cpuUsage()) / calls;
  const peer = micros(theirs, await serverCpu(child)) / calls;
  return { ...point, perSecond: calls / seconds, client, peer };
}

async function run(seconds: number): Promise<void> {
  const child = fork(import.meta.filename, ['serve'], { execArgv: process.execArgv });
  const [port] = (await once(child, 'message')) as [number];
  const rpc = createRpcClient(deps, {
    ...common,
    self: client,
    resolve: () => ({ host: '127.0.0.1', port }),
  });
  const points: Point[] = [1, 16, 64, 256].map((concurrency) => ({
    name: '200 B + 4 KiB both ways',
    method: 'bench.small',
    body: [small],
    concurrency,
  }));
  points.push({ name: '512 KiB to', method: 'bench.write', body: [large], concurrency: 8 });
  points.push({ name: '512 KiB from', method: 'bench.read', body: [], concurrency: 8 });
  await measure(rpc, child, points[1] as Point, 500);
  for (const point of points) {
    const { perSecond, client, peer } = await measure(rpc, child, point, seconds * 1_000);
    const mb = point.name.startsWith('512')
      ? ` ${((perSecond * large.length) / 1e6).toFixed(0)} MB/s`
      : '';
    process.stdout.write(
      `${point.name} × ${point.concurrency}: ${perSecond.toFixed(0)} calls/s${mb}, ` +
        `CPU µs/call ${client.toFixed(1)} client + ${peer.toFixed(1)} server\n`,
    );
  }
  rpc.close();
  child.disconnect();
}

if (process.argv[2] === 'serve') await serve();
else await run(Number(process.argv[2] ?? 2));
