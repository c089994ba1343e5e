/**
 * One large file in or out over one connection, bytes made up or thrown away on the way. A process
 * of its own.
 *
 *   node bench/load/one-file.ts '{"port":8080,"operation":"put","bytes":536870912,"target":"/bench/big"}'
 */
import http from 'node:http';

export interface OneFilePlan {
  readonly port: number;
  readonly operation: 'put' | 'get';
  readonly bytes: number;
  readonly target: string;
}

export interface OneFileFigures {
  readonly seconds: number;
  readonly megabytesPerSecond: number;
}

const chunk = Buffer.alloc(1 << 20);
for (let i = 0; i < chunk.length; i++) chunk[i] = (i * 2654435761) >>> 24;

async function put(plan: OneFilePlan): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const { port, target: path, bytes } = plan;
  const headers = { 'content-length': bytes };
  const req = http.request({ port, path, method: 'PUT', headers }, resolve).on('error', reject);
  for (let sent = 0; sent < bytes; sent += chunk.length) {
    const part = chunk.subarray(0, Math.min(chunk.length, bytes - sent));
    if (!req.write(part)) await new Promise((drained) => req.once('drain', drained));
  }
  req.end();
  const res = await promise;
  res.resume();
  if (res.statusCode !== 200) throw new Error(`put answered ${res.statusCode}`);
}

async function get(plan: OneFilePlan): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  http.get({ port: plan.port, path: plan.target }, resolve).on('error', reject);
  const res = await promise;
  let bytes = 0;
  for await (const part of res) bytes += (part as Buffer).length;
  if (res.statusCode !== 200 || bytes !== plan.bytes) {
    throw new Error(`get answered ${res.statusCode} with ${bytes} bytes`);
  }
}

const plan = JSON.parse(process.argv[2] ?? '{}') as OneFilePlan;
const began = performance.now();
await (plan.operation === 'put' ? put(plan) : get(plan));
const seconds = (performance.now() - began) / 1000;
const figures: OneFileFigures = { seconds, megabytesPerSecond: plan.bytes / 1e6 / seconds };
process.stdout.write(JSON.stringify(figures));
