/**
 * What it costs to watch: nanoseconds for each thing that is done for a request, and a whole call
 * between nodes with and without.
 *
 * Run: `node bench/micro/observe.ts`. Takes a few seconds.
 */
import { nodeId } from '#base/ids.ts';
import { HttpMetrics } from '#gateways/rest/http-metrics.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { silentLogger } from '#observe/log.ts';
import { Histogram, MetricRegister } from '#observe/metric-register.ts';
import { currentScope, inScope } from '#observe/request-scope.ts';
import { createRpcClient } from '#rpc/client.ts';
import { RpcMetrics } from '#rpc/rpc-metrics.ts';
import { createRpcServer } from '#rpc/server.ts';

const rounds = 2_000_000;
const calls = 60_000;
const atOnce = 64;
const world = createNodeWorld();
const deps = { ...world, log: silentLogger };
const show = (what: string, nanoseconds: number): void => {
  process.stdout.write(`${what.padEnd(58)} ${nanoseconds.toFixed(0).padStart(7)} ns\n`);
};

function time(what: string, run: () => void): void {
  for (let i = 0; i < rounds / 10; i++) run();
  const began = performance.now();
  for (let i = 0; i < rounds; i++) run();
  show(what, ((performance.now() - began) * 1e6) / rounds);
}

const register = new MetricRegister();
const histogram = new Histogram([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1]);
const http = new HttpMetrics(register);
const meter = new RpcMetrics(register).peer('node-1');
const done = { operation: 'put', status: 200, problem: undefined, durationMs: 3 };
const scope = { request: 'abcdef012345-1a', span: undefined };

time('a clock', () => void world.clock.now());
time('a histogram', () => histogram.observe(0.003));
time('all of a request', () => http.record({ ...done, bytesReceived: 4096, bytesSent: 90 }));
time('all of a call', () => meter.settled('shards.write', 2, undefined));
time('to begin a scope', () => inScope(scope, () => {}));
time('to look for a scope', () => void currentScope());
const began = performance.now();
const text = await register.text();
show(`a scrape of ${text.length} bytes`, (performance.now() - began) * 1e6);

const ways = ['plain', 'counted', 'counted, for a request'] as const;

/** Of one call, with many under way. */
async function callNanoseconds(way: (typeof ways)[number]): Promise<number> {
  const [near, far] = [nodeId('near'), nodeId('far')];
  const identity = (self: typeof near) => ({
    ...{ self, incarnation: '1', clusterId: 'bench' },
    secret: Buffer.alloc(32),
  });
  const handlers = { echo: async (head: unknown) => ({ head }) };
  const where = { host: '127.0.0.1', port: 0 };
  const server = await createRpcServer(deps, { ...identity(far), ...where, handlers });
  const metrics = way === 'plain' ? undefined : new RpcMetrics(new MetricRegister());
  const resolve = () => ({ host: '127.0.0.1', port: server.port });
  const client = createRpcClient({ ...deps, metrics }, { ...identity(near), resolve });
  const call = () => client.call(far, { method: 'echo', head: { a: 1 } }, { timeoutMs: 10_000 });
  const caller = async () => {
    for (let i = 0; i < calls / atOnce; i++) await call();
  };
  const isInScope = way === 'counted, for a request';
  const all = () => Promise.all(Array.from({ length: atOnce }, caller));
  const run = () => (isInScope ? inScope(scope, all) : all());
  await run();
  const start = performance.now();
  await run();
  const nanoseconds = ((performance.now() - start) * 1e6) / calls;
  client.close();
  await server.close();
  return nanoseconds;
}

const runs = new Map<string, number[]>(ways.map((way) => [way, []]));
for (let nth = 0; nth < 5; nth++) {
  for (const way of ways) runs.get(way)?.push(await callNanoseconds(way));
}
for (const [way, took] of runs) show(`a call between nodes, both sides: ${way}`, Math.min(...took));
