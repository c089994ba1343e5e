/**
 * What the machine itself can do, measured in the same run as the cluster, so that every figure is
 * also a ratio.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { encodeStripe, shardBytes } from '#erasure/reed-solomon.ts';
import { runLoad } from './run-load.ts';

export interface MachineLimits {
  /** A bare node:http server that answers GETs with 4 KiB from memory. */
  readonly httpGetPerSecond: Record<number, number>;
  /** 4 KiB appends, each with its own fdatasync, one after another. */
  readonly syncedAppendsPerSecond: number;
  /** 256 appends of 4 KiB and one fdatasync, in appends. */
  readonly batchedAppendsPerSecond: number;
  /** 64 MiB in 1 MiB writes, one fdatasync. */
  readonly sequentialWriteMBps: number;
  readonly encodeMBps: number;
}

const pageBytes = 4096;

export async function measureMachine(clients: readonly number[]): Promise<MachineLimits> {
  return { httpGetPerSecond: await bareHttp(clients), ...appends(), encodeMBps: encode() };
}

/** The server runs in a process of its own, as the cluster's nodes do. */
async function bareHttp(clients: readonly number[]): Promise<Record<number, number>> {
  const server = spawn(process.execPath, [import.meta.filename, 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = await once(server.stdout, 'data');
  const figures: Record<number, number> = {};
  for (const count of clients) {
    const load = await runLoad({
      port: Number(String(port)),
      operation: 'get',
      clients: count,
      seconds: 2,
      bytes: pageBytes,
      prefix: '/x',
      files: 1,
    });
    figures[count] = load.perSecond;
  }
  server.kill('SIGKILL');
  return figures;
}

function serve(): void {
  const page = Buffer.alloc(pageBytes, 1);
  const server = http.createServer((_req, res) => {
    res.writeHead(200, { 'content-length': pageBytes });
    res.end(page);
  });
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(String((server.address() as AddressInfo).port));
  });
}

function appends() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dftfs-limits-'));
  const fd = fs.openSync(path.join(folder, 'segment'), 'w');
  const page = Buffer.alloc(pageBytes, 2);
  const large = Buffer.alloc(1 << 20, 3);
  const perSecond = (count: number, act: () => void) => {
    const began = performance.now();
    act();
    return count / ((performance.now() - began) / 1000);
  };
  const many = (count: number, buffer: Buffer) => {
    for (let i = 0; i < count; i++) fs.writeSync(fd, buffer);
    fs.fdatasyncSync(fd);
  };
  const figures = {
    syncedAppendsPerSecond: perSecond(300, () => {
      for (let i = 0; i < 300; i++) many(1, page);
    }),
    batchedAppendsPerSecond: perSecond(20 * 256, () => {
      for (let i = 0; i < 20; i++) many(256, page);
    }),
    sequentialWriteMBps: perSecond(64 * 1.048576, () => many(64, large)),
  };
  fs.closeSync(fd);
  fs.rmSync(folder, { recursive: true });
  return figures;
}

/** One core, the code of six live nodes: 3 data and 2 parity shards. */
function encode(): number {
  const code = { k: 3, m: 2 };
  const size = shardBytes(1 << 20, code.k);
  const stripe = Buffer.alloc(size * code.k, 5);
  const parity = Buffer.alloc(size * code.m);
  const rounds = 300;
  const began = performance.now();
  for (let i = 0; i < rounds; i++) encodeStripe(code, stripe, parity);
  return (rounds * stripe.length) / 1e6 / ((performance.now() - began) / 1000);
}

if (process.argv[2] === 'serve') serve();
