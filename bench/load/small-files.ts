/**
 * A process of its own that loads one front door with small requests and prints what it saw as
 * JSON.
 *
 *   node bench/load/small-files.ts '{"port":8080,"operation":"put","clients":16,"seconds":5,"bytes":4096,"prefix":"/bench/a","files":0}'
 */
import { HttpConnection, request } from './http-connection.ts';

export interface SmallFilesPlan {
  readonly port: number;
  readonly operation: 'put' | 'get';
  readonly clients: number;
  readonly seconds: number;
  readonly bytes: number;
  /** Files are `<prefix>/<client>-<n>` for puts, `<prefix>/<0 … files−1>` for gets. */
  readonly prefix: string;
  readonly files: number;
  /** Shown with each request. */
  readonly token?: string | undefined;
}

export interface SmallFilesFigures {
  readonly requests: number;
  readonly errors: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Used by this process. */
  readonly cpuMs: number;
}

function targetOf(plan: SmallFilesPlan, client: number, n: number): string {
  if (plan.operation === 'put') return `${plan.prefix}/${client}-${n}`;
  return `${plan.prefix}/${(client * 7919 + n * 31) % plan.files}`;
}

async function runClient(plan: SmallFilesPlan, client: number, until: number, times: number[]) {
  const body = plan.operation === 'put' ? Buffer.alloc(plan.bytes, client + 1) : undefined;
  const method = plan.operation === 'put' ? 'PUT' : 'GET';
  const connection = await HttpConnection.open('127.0.0.1', plan.port);
  let errors = 0;
  for (let n = 0; performance.now() < until; n++) {
    const parts = request(method, targetOf(plan, client, n), body, plan.token);
    const began = performance.now();
    const answer = await connection.send(parts);
    times.push(performance.now() - began);
    if (answer.status !== 200) errors++;
  }
  connection.close();
  return errors;
}

async function main(): Promise<void> {
  const plan = JSON.parse(process.argv[2] ?? '{}') as SmallFilesPlan;
  const times: number[] = [];
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  const clients = Array.from({ length: plan.clients }, (_, client) =>
    runClient(plan, client, began + plan.seconds * 1000, times),
  );
  const errors = (await Promise.all(clients)).reduce((sum, count) => sum + count, 0);
  const elapsed = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor((times.length - 1) * share)] ?? 0;
  const figures: SmallFilesFigures = {
    requests: times.length,
    errors,
    perSecond: times.length / elapsed,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    cpuMs: (user + system) / 1000,
  };
  process.stdout.write(JSON.stringify(figures));
}

await main();
