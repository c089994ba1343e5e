/** What one disk takes and the loopback network carries, for whatever moves bytes in bulk. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';

const chunk = Buffer.alloc(1 << 20, 7);
const writes = 512;
const receiveMs = 2000;

/** 512 MiB in 1 MiB writes, a sync after each 16. */
export function sequentialWriteMBps(): number {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dftfs-limits-'));
  const fd = fs.openSync(path.join(folder, 'file'), 'w');
  const began = performance.now();
  for (let n = 1; n <= writes; n++) {
    fs.writeSync(fd, chunk);
    if (n % 16 === 0) fs.fdatasyncSync(fd);
  }
  const seconds = (performance.now() - began) / 1000;
  fs.closeSync(fd);
  fs.rmSync(folder, { recursive: true });
  return (writes * chunk.length) / 1e6 / seconds;
}

/** One connection between two processes. */
export async function loopbackMBps(): Promise<number> {
  const sender = spawn(process.execPath, [import.meta.filename, 'send'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = await once(sender.stdout, 'data');
  const socket = net.connect({ port: Number(String(port)), host: '127.0.0.1' });
  let bytes = 0;
  socket.on('data', (data) => {
    bytes += data.length;
  });
  await once(socket, 'connect');
  const began = performance.now();
  await new Promise((resolve) => setTimeout(resolve, receiveMs));
  const seconds = (performance.now() - began) / 1000;
  socket.destroy();
  sender.kill('SIGKILL');
  return bytes / 1e6 / seconds;
}

function send(): void {
  const server = net.createServer((socket) => {
    const pour = () => {
      while (socket.write(chunk));
    };
    socket.on('drain', pour).on('error', () => {});
    pour();
  });
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(String((server.address() as AddressInfo).port));
  });
}

if (process.argv[2] === 'send') send();
