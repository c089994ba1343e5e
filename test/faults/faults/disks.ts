/** Disks that are full, or slow. */
import { appendFile, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { processFolder } from '#app/local/manifest.ts';
import { viewOf } from '../../support/protection.ts';
import { until } from '../../support/until.ts';
import type { FaultSpec } from '../scenario.ts';
import { choose, type Field, type RunningFault } from './fault.ts';

type FullSpec = Extract<FaultSpec, { kind: 'full disk' }>;
type SlowSpec = Extract<FaultSpec, { kind: 'slow disk' }>;

const blockBytes = 1024 * 1024;
const throttle = '/sys/fs/cgroup/blkio/blkio.throttle.write_bps_device';

export async function whyNoSlowDisks(): Promise<string | undefined> {
  const found = await stat(throttle).catch(() => undefined);
  return found ? undefined : 'disks are slowed down by cgroups of the first version';
}

export async function beginFullDisk({ target }: FullSpec, field: Field): Promise<RunningFault> {
  const { cluster } = field;
  const names = await choose(target, field);
  const ballasts = names.map((name) => path.join(processFolder(cluster.data, name), 'ballast'));
  for (const file of ballasts) await writeUntilFull(file);
  const isFull = async (name: string) => {
    const view = await viewOf(cluster.nodeUrls.get(name) as string);
    return (view.store as { full?: boolean }).full === true || undefined;
  };
  for (const name of names) await until(`${name} says that it is full`, () => isFull(name));
  return {
    hits: async () => names.length,
    undo: async () => {
      for (const file of ballasts) await rm(file, { force: true });
    },
  };
}

async function writeUntilFull(file: string): Promise<void> {
  const block = Buffer.alloc(blockBytes, 'ballast');
  for (;;) {
    try {
      await appendFile(file, block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
      throw error;
    }
  }
}

export async function beginSlowDisk(spec: SlowSpec, field: Field): Promise<RunningFault> {
  const { cluster, ground } = field;
  const names = await choose(spec.target, field);
  const devices: string[] = [];
  for (const name of names) {
    if (ground.disks === undefined) throw new Error('this ground has no disks');
    devices.push(await numbersOf(ground.disks.of(name).device));
  }
  for (const device of devices) await writeFile(throttle, `${device} ${spec.bytesPerSecond}`);
  let hits = 0;
  const probing = Promise.all(
    names.map(async (name) => {
      const ms = await timeToSync(processFolder(cluster.data, name), 2 * spec.bytesPerSecond);
      if (ms > 1000) hits += 1;
    }),
  );
  return {
    hits: async () => hits,
    undo: async () => {
      await probing;
      for (const device of devices) await writeFile(throttle, `${device} 0`);
    },
  };
}

/** Major and minor number. */
async function numbersOf(device: string): Promise<string> {
  return (await readFile(`/sys/block/${path.basename(device)}/dev`, 'utf8')).trim();
}

async function timeToSync(folder: string, bytes: number): Promise<number> {
  const file = path.join(folder, 'probe');
  const began = performance.now();
  const handle = await open(file, 'w');
  try {
    await handle.write(Buffer.alloc(bytes, 'probe'));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rm(file);
  return performance.now() - began;
}
