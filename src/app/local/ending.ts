/** Ends processes by PID, only such as were recorded and are still the same process. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from './launch-error.ts';
import { findProcess, forgetRecord } from './process-record.ts';

/** Uploads and downloads under way may end well within this time. */
export const nodePoliteMs = 8000;
/**
 * Etcd has synced all that it ever answered for, so a kill costs nothing; what it waits for when
 * all members go at once is a quorum to hand its leadership to.
 */
export const etcdPoliteMs = 1000;
const killedMs = 5000;
const pollMs = 20;

/**
 * Asks each to end, then, after `politeMs`, makes it. Returns the names of those that were alive.
 */
export async function endProcesses(
  data: string,
  names: readonly string[],
  politeMs: number,
): Promise<string[]> {
  const alive = names.filter((name) => findProcess(data, name) !== undefined);
  signalAll(data, alive, 'SIGTERM');
  // A stopped process takes the first signal only when it runs again.
  signalAll(data, alive, 'SIGCONT');
  if (!(await allDead(data, alive, politeMs))) {
    signalAll(data, alive, 'SIGKILL');
    if (!(await allDead(data, alive, killedMs))) {
      const left = alive.filter((name) => findProcess(data, name) !== undefined);
      throw new LaunchError(`${left.join(', ')} can't be ended`);
    }
  }
  for (const name of alive) forgetRecord(data, name);
  return alive;
}

function signalAll(data: string, names: readonly string[], signal: NodeJS.Signals): void {
  for (const name of names) {
    const found = findProcess(data, name);
    if (found === undefined) continue;
    try {
      process.kill(found.pid, signal);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPERM') throw new LaunchError(`${name} belongs to another user`);
      if (code !== 'ESRCH') throw error;
    }
  }
}

async function allDead(data: string, names: readonly string[], withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (names.some((name) => findProcess(data, name) !== undefined)) {
    if (performance.now() > end) return false;
    await sleep(pollMs);
  }
  return true;
}
