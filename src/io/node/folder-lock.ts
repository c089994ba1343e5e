/**
 * A lock on a folder that the kernel drops with the process, whatever kills it. Node has no
 * `flock`; a listening socket in Linux's abstract namespace behaves like one: a name has one owner,
 * needs no file, and is free the moment its owner is dead. The name is made of the folder's device
 * and inode, so two paths to one folder are one lock, whoever (root or not) comes by them.
 *
 * @NOTE Abstract names belong to a network namespace: two containers that share a folder but no
 * network don't see each other's lock.
 *
 * Elsewhere a socket file stands in; one that nobody answers on is left over from the dead and
 * replaced.
 */
import fs from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { DiskLock } from '../disk.ts';

const holderFile = 'lock.pid';

/** Owns the address, or rejects with EADDRINUSE. */
function listen(address: string): Promise<net.Server> {
  const server = net.createServer((connection) => connection.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path: address, exclusive: true }, () => {
      server.off('error', reject);
      resolve(server.unref());
    });
  });
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect({ path: address });
    probe.once('error', () => resolve(false));
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
  });
}

async function listenOnFile(address: string): Promise<net.Server> {
  try {
    return await listen(address);
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    if (!taken || (await answers(address))) throw error;
    await fs.rm(address, { force: true });
    return listen(address);
  }
}

export async function lockFolder(folder: string): Promise<DiskLock> {
  const { dev, ino } = await fs.stat(folder, { bigint: true });
  const name = `dftfs-${dev.toString(16)}-${ino.toString(16)}`;
  const pidFile = path.join(folder, holderFile);
  let server: net.Server;
  try {
    server =
      process.platform === 'linux'
        ? await listen(`\0${name}`)
        : await listenOnFile(path.join(os.tmpdir(), `${name}.lock`));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    const holder = await fs.readFile(pidFile, 'utf8').catch(() => 'unknown');
    const text = `${folder} is in use by another process (PID ${holder.trim()})`;
    throw Object.assign(new Error(text, { cause }), { code: 'ELOCKED' });
  }
  await fs.writeFile(pidFile, `${process.pid}\n`);
  return {
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
