/** Lets each process of a cluster have a clock that can be set, by libfaketime. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { findTool, tools, whyNoTool } from '../tools.ts';

/** In each process's own folder, in which it runs. */
export const clockFile = 'clock.txt';

export const whyNoSetClocks = (): Promise<string | undefined> => whyNoTool(tools.faketime);

/** For all processes of the cluster. etcd asks the kernel itself, and isn't concerned. */
export async function clockEnvironment(): Promise<NodeJS.ProcessEnv> {
  const { file } = await findTool(tools.faketime);
  return {
    LD_PRELOAD: file,
    FAKETIME_TIMESTAMP_FILE: clockFile,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
    FAKETIME_DISABLE_SHM: '1',
  };
}

/** What libfaketime leaves behind of a process that was killed. */
export async function forgetDeadClocks(): Promise<void> {
  const memory = '/dev/shm';
  for (const name of await readdir(memory).catch(() => [])) {
    const pid = /^(?:sem\.faketime_sem|faketime_shm)_(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await rm(path.join(memory, name));
  }
}
