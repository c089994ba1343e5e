/** Starts a process that outlives its starter, and leaves word of it in its folder. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { LaunchError } from './launch-error.ts';
import { logPath, processFolder } from './manifest.ts';
import { findProcess, writeRecord } from './process-record.ts';

export interface ProcessCommand {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** A descriptor of this process that becomes number 3 of the new one. */
  readonly inherit?: number;
}

export const inheritedFd = 3;

/**
 * Closes all that is open beyond what it is given, then becomes the program. LMDB leaves its file
 * to be inherited: a node that starts another one would pass it on, and its disk could not be
 * unmounted while that one lives.
 */
const closeAndExecute = (lastFd: number): string =>
  `for f in /proc/$$/fd/*; do n=\${f##*/}; ((n <= ${lastFd})) || eval "exec $n>&-"; done
  exec "$0" "$@"`;

/**
 * Returns the PID. The new process leads a session of its own, so no signal of a terminal reaches
 * it; it holds no descriptor of ours but its log and `inherit`.
 */
export function spawnProcess(data: string, command: ProcessCommand): number {
  const { name } = command;
  const known = findProcess(data, name);
  if (known !== undefined) throw new LaunchError(`${name} is running already (PID ${known.pid})`);
  const log = openSync(logPath(data, name), 'a', 0o600);
  try {
    const lastFd = command.inherit === undefined ? 2 : inheritedFd;
    const args = ['-c', closeAndExecute(lastFd), command.file, ...command.args];
    const child = spawn('bash', args, {
      cwd: processFolder(data, name),
      env: command.environment,
      detached: true,
      stdio: ['ignore', log, log, ...(command.inherit === undefined ? [] : [command.inherit])],
    });
    // Without a PID it failed; the event that says why comes later, and this says enough.
    child.once('error', () => {});
    if (child.pid === undefined) throw new LaunchError(`${command.file} can't be started`);
    writeRecord(data, name, child.pid);
    child.unref();
    return child.pid;
  } finally {
    closeSync(log);
  }
}
