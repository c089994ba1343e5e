/**
 * The benchmark: `npm run bench [-- --quick] [-- --only small,large,names,stalls]`. Starts the
 * default cluster, loads it through the front door, and measures the machine's own limits in the
 * same run. Prints a table and writes the same as JSON to `bench/results/`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { httpCall } from '../test/support/http-call.ts';
import { type LocalCluster, startLocalCluster } from '../test/support/local-cluster.ts';
import { cpuTimes } from './cpu-meter.ts';
import { measureMachine } from './machine-limits.ts';
import { measureNamesLimit } from './names-limit.ts';
import { type Row, table } from './report.ts';
import { runLoad, runOneFile } from './run-load.ts';
import { measureStall, stallKinds } from './stalls.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const quick = values.quick;
const parts = new Set((values.only ?? 'small,large,names,stalls').split(','));
const clientCounts = quick ? [1, 16] : [1, 16, 64, 256];
const seconds = quick ? 2 : 6;
const pageBytes = 4096;
const largeBytes = quick ? 64 << 20 : 512 << 20;
const copyBytes = quick ? 64 << 20 : 1 << 30;
const namesListed = quick ? 2000 : 100_000;

const rows: Row[] = [];
const say = (text: string) => process.stderr.write(`${text}\n`);
const add = (row: Row) => {
  rows.push(row);
  say(`${row.what}: ${row.figure} ${row.unit}`);
};

const machine = await measureMachine(clientCounts);
const namesLimit = await measureNamesLimit();

await withCluster(async (cluster) => {
  if (parts.has('small')) await smallFiles(cluster);
  if (parts.has('large')) await largeFiles(cluster);
  if (parts.has('names')) await manyNames(cluster);
});
if (parts.has('stalls')) await stalls();
limits();
report();

async function withCluster(measure: (cluster: LocalCluster) => Promise<void>): Promise<void> {
  const cluster = await startLocalCluster();
  try {
    await measure(cluster);
  } finally {
    await cluster.stop();
  }
}

async function smallFiles(cluster: LocalCluster): Promise<void> {
  const { url } = cluster;
  const port = Number(new URL(url).port);
  const plan = { port, bytes: pageBytes, seconds, files: 1000 };
  for (let n = 0; n < plan.files; n++) {
    await httpCall('PUT', `${url}/read/${n}`, { body: Buffer.alloc(pageBytes, n) });
  }
  // Fresh processes run unoptimised code, and each sees only a part of the load.
  const warmUp = { ...plan, clients: 64, seconds: quick ? 1 : 15 };
  await runLoad({ ...warmUp, operation: 'put', prefix: '/warm' });
  await runLoad({ ...warmUp, operation: 'get', prefix: '/read' });
  for (const operation of ['put', 'get'] as const) {
    for (const clients of clientCounts) {
      const prefix = operation === 'put' ? `/write/${clients}` : '/read';
      const before = cpuTimes(cluster);
      const load = await runLoad({ ...plan, operation, clients, prefix });
      const after = cpuTimes(cluster);
      add({
        what: `${operation} 4 KiB, ${clients} clients`,
        figure: load.perSecond,
        unit: '/s',
        p50Ms: load.p50Ms,
        p99Ms: load.p99Ms,
        errors: load.errors,
        cpuMs: {
          nodes: (after.nodesMs - before.nodesMs) / load.requests,
          etcd: (after.etcdMs - before.etcdMs) / load.requests,
          load: load.cpuMs / load.requests,
        },
        ...limitOfSmall(operation, clients),
      });
    }
  }
}

function limitOfSmall(operation: 'put' | 'get', clients: number) {
  if (operation === 'get') {
    return { limit: machine.httpGetPerSecond[clients] ?? 0, limitIs: 'bare node:http' };
  }
  return { limit: namesLimit.batchedCreatesPerSecond, limitIs: 'batched etcd transactions' };
}

async function largeFiles({ url }: LocalCluster): Promise<void> {
  const port = Number(new URL(url).port);
  const megabytes = largeBytes >> 20;
  for (const operation of ['put', 'get'] as const) {
    const plan = { port, operation, bytes: largeBytes, target: '/large' };
    const { megabytesPerSecond: figure } = await runOneFile(plan);
    const limit = machine.sequentialWriteMBps;
    const limitIs = 'one disk, sequential, synced';
    add({ what: `${operation} ${megabytes} MiB`, figure, unit: 'MB/s', limit, limitIs });
  }
  await runOneFile({ port, operation: 'put', bytes: copyBytes, target: '/to-copy' });
  const times: number[] = [];
  for (let n = 0; n < 20; n++) {
    const began = performance.now();
    const target = `/copy?source_path=/to-copy&destination_path=/copy-${n}`;
    const { status } = await httpCall('POST', url + target);
    if (status !== 200) throw new Error(`copy answered ${status}`);
    times.push(performance.now() - began);
  }
  const figure = times.sort((a, b) => a - b)[10] ?? 0;
  add({ what: `copy of ${copyBytes >> 20} MiB`, figure, unit: 'ms' });
}

async function manyNames({ url }: LocalCluster): Promise<void> {
  const port = Number(new URL(url).port);
  const plan = { port, operation: 'put' as const, clients: 64, bytes: 16, files: 0 };
  let made = 0;
  for (let n = 0; made < namesListed; n++) {
    const load = await runLoad({ ...plan, seconds, prefix: `/names/${n}` });
    made += load.requests - load.errors;
  }
  const began = performance.now();
  const { body } = await httpCall('GET', `${url}/ls?path=/names&recursive=true`, {
    headers: { accept: 'application/x-ndjson' },
    timeoutMs: 300_000,
  });
  const listed = String(body).split('\n').filter(Boolean).length;
  if (listed < made) throw new Error(`${listed} of ${made} names were listed`);
  const elapsed = (performance.now() - began) / 1000;
  add({ what: `ls of ${listed} names`, figure: elapsed, unit: 's' });
}

async function stalls(): Promise<void> {
  for (const [target, signal] of quick ? stallKinds.slice(0, 1) : stallKinds) {
    const stall = await measureStall(target, signal);
    add({
      what: `longest stall, ${stall.what}`,
      figure: stall.longestMs,
      unit: 'ms',
      p50Ms: stall.p50Ms,
      p99Ms: stall.p99Ms,
      errors: stall.wrong,
      broken: stall.broken,
    });
  }
}

function limits(): void {
  for (const [clients, figure] of Object.entries(machine.httpGetPerSecond)) {
    add({ what: `machine: bare node:http, ${clients} clients`, figure, unit: '/s' });
  }
  const { syncedAppendsPerSecond, batchedAppendsPerSecond } = machine;
  add({ what: 'machine: append + fdatasync', figure: syncedAppendsPerSecond, unit: '/s' });
  add({ what: 'machine: 256 appends a sync', figure: batchedAppendsPerSecond, unit: '/s' });
  add({ what: 'machine: sequential write', figure: machine.sequentialWriteMBps, unit: 'MB/s' });
  add({ what: 'machine: encode 3+2', figure: machine.encodeMBps, unit: 'MB/s' });
  const { singleCreatesPerSecond, batchedCreatesPerSecond } = namesLimit;
  add({
    what: 'machine: etcd, 1 create a transaction',
    figure: singleCreatesPerSecond,
    unit: '/s',
  });
  add({ what: 'machine: etcd, 64 a transaction', figure: batchedCreatesPerSecond, unit: '/s' });
}

function report(): void {
  const cpus = os.cpus();
  const where = `${cpus.length} × ${cpus[0]?.model.trim()}, Linux ${os.release()}, Node ${process.version}`;
  process.stdout.write(`${where}\n${table(rows)}`);
  const folder = path.join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, quick ? 'quick.json' : 'latest.json');
  writeFileSync(file, JSON.stringify({ where, at: new Date().toISOString(), rows }, undefined, 2));
  say(`written to ${path.relative(process.cwd(), file)}`);
}
