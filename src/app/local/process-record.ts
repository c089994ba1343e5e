/**
 * Which process runs under a name: its PID, and what no other process with that PID can have, the
 * tick it started at since the machine was booted. So a PID that was given out anew is never
 * mistaken.
 */
import { readFileSync, rmSync } from 'node:fs';
import { LaunchError } from './launch-error.ts';
import { recordPath } from './manifest.ts';
import { writeWholeSync } from './write-whole.ts';

export interface ProcessRecord {
  readonly pid: number;
  readonly startTick: string;
  readonly boot: string;
}

/** 'stopped': alive, but not let run (SIGSTOP). */
export type ProcessState = 'running' | 'stopped' | 'dead';

export interface KnownProcess {
  readonly pid: number;
  readonly state: Exclude<ProcessState, 'dead'>;
}

/** Undefined: no process of that name is alive. */
export function findProcess(data: string, name: string): KnownProcess | undefined {
  const record = readRecord(recordPath(data, name));
  if (record === undefined) return undefined;
  const state = stateOf(record);
  return state === 'dead' ? undefined : { pid: record.pid, state };
}

export function writeRecord(data: string, name: string, pid: number): void {
  const status = readStatus(pid);
  if (status === undefined) {
    forgetRecord(data, name);
    return;
  }
  const record: ProcessRecord = { pid, startTick: status.startTick, boot: bootId() };
  writeWholeSync(recordPath(data, name), `${JSON.stringify(record)}\n`, 0o600);
}

export function forgetRecord(data: string, name: string): void {
  rmSync(recordPath(data, name), { force: true });
}

export function stateOf(record: ProcessRecord): ProcessState {
  const status = readStatus(record.pid);
  if (status === undefined || status.startTick !== record.startTick) return 'dead';
  if (record.boot !== bootId() || 'ZXx'.includes(status.state)) return 'dead';
  return status.state === 'T' || status.state === 't' ? 'stopped' : 'running';
}

function readRecord(path: string): ProcessRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as ProcessRecord;
    return Number.isSafeInteger(record.pid) && record.pid > 1 ? record : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') {
      throw new LaunchError(
        `${path} belongs to another user: start and stop a cluster as its owner`,
      );
    }
    return undefined;
  }
}

function readStatus(pid: number): { state: string; startTick: string } | undefined {
  let line: string;
  try {
    line = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field, the name in parentheses, may hold anything, spaces and parentheses too.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state, startTick] = [fields[0], fields[19]];
  return state === undefined || startTick === undefined ? undefined : { state, startTick };
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    throw new LaunchError('a local cluster needs Linux: there is no /proc here');
  }
}
