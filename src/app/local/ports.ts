/** Ports that nobody listens on. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from './launch-error.ts';

/**
 * Below the range that the kernel takes for outgoing connections, or one of those could sit on a
 * stopped process's port when it is to start again.
 */
const lowest = 20_000;
const highest = 32_000;
const attempts = 20;
const clearUpMs = 1500;
const pollMs = 50;

/** Fails where anybody listens, be it with SO_REUSEPORT. */
export function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else if (error.code === 'EACCES') {
        reject(new LaunchError(`port ${port} needs root: name another with --port`));
      } else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A process that was killed may hold its ports for a moment longer, while the kernel clears up. */
export async function isSoonFree(host: string, port: number): Promise<boolean> {
  const end = performance.now() + clearUpMs;
  while (!(await isFree(host, port))) {
    if (performance.now() > end) return false;
    await sleep(pollMs);
  }
  return true;
}

/**
 * A run of free ports: a random place keeps clusters that start at the same time apart. `taken`:
 * those that nobody may be listening on yet, but somebody will.
 */
export async function freePorts(
  host: string,
  count: number,
  taken: readonly number[] = [],
): Promise<number[]> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const first = randomInt(lowest, highest - count);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if (ports.some((port) => taken.includes(port))) continue;
    const free = await Promise.all(ports.map((port) => isFree(host, port)));
    if (free.every(Boolean)) return ports;
  }
  throw new LaunchError(`no ${count} free ports in a row between ${lowest} and ${highest}`);
}
