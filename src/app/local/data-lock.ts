/** One start or stop at a time on a data folder; a second one waits its turn. */
import { access, constants, mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNodeDisk } from '#io/node/disk.ts';
import { LaunchError } from './launch-error.ts';

const waitMs = 120_000;
const pollMs = 100;

export async function withDataLock<T>(
  data: string,
  { say }: { readonly say: (line: string) => void },
  work: () => Promise<T>,
): Promise<T> {
  const lock = await takeLock(data, say);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

async function takeLock(data: string, say: (line: string) => void) {
  const end = performance.now() + waitMs;
  for (let first = true; ; first = false) {
    try {
      return await createNodeDisk().lock(data);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
      const who = (error as Error).message;
      if (performance.now() > end) throw new LaunchError(`${who}: try again later`);
      if (first) say(`${who}: waiting for it`);
      await sleep(pollMs);
    }
  }
}

export async function makeDataFolder(data: string): Promise<void> {
  try {
    await mkdir(data, { recursive: true, mode: 0o700 });
    await access(data, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new LaunchError(`${data} can't be used (${code}): name another folder with --data`);
  }
}
