/**
 * Machines of one's own: network namespaces with real addresses, joined by a bridge in a namespace
 * that belongs to none of them. A machine is cut off by taking its cable out. Needs root.
 */
import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { type Running, runProgram } from './run-program.ts';

const run = promisify(execFile);
const ip = (...words: string[]) => run('ip', words);

export async function whyNoMachines(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const machines = new Machines(['probe']);
  try {
    await machines.connect();
    return undefined;
  } catch (error) {
    return `network namespaces can't be made here: ${(error as Error).message}`;
  } finally {
    await machines.release();
  }
}

export class Machines {
  readonly names: readonly string[];
  readonly #prefix = `dftfs-${process.pid}`;
  readonly #pids = new Set<number>();

  constructor(names: readonly string[]) {
    this.names = names;
  }

  /** The addresses are of a range that is reserved for tests. */
  address(name: string): string {
    return `198.18.0.${this.names.indexOf(name) + 1}`;
  }

  async connect(): Promise<void> {
    const bridge = this.#namespace('switch');
    await ip('netns', 'add', bridge);
    await ip('-n', bridge, 'link', 'add', 'bridge', 'type', 'bridge');
    await ip('-n', bridge, 'link', 'set', 'bridge', 'up');
    for (const name of this.names) {
      const own = this.#namespace(name);
      await ip('netns', 'add', own);
      const cable = ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', own];
      await ip('-n', bridge, ...cable);
      await ip('-n', bridge, 'link', 'set', name, 'master', 'bridge', 'up');
      await ip('-n', own, 'address', 'add', `${this.address(name)}/24`, 'dev', 'eth0');
      await ip('-n', own, 'link', 'set', 'eth0', 'up');
      await ip('-n', own, 'link', 'set', 'lo', 'up');
    }
  }

  async plug(name: string, state: 'up' | 'down'): Promise<void> {
    await ip('-n', this.#namespace('switch'), 'link', 'set', name, state);
  }

  /** Its output goes to the file. It lives until `release`. */
  start(
    name: string,
    log: string,
    cwd: string,
    words: readonly string[],
    env = process.env,
  ): number {
    const file = openSync(log, 'a');
    const inside = ['netns', 'exec', this.#namespace(name), ...words];
    const child = spawn('ip', inside, { cwd, env, stdio: ['ignore', file, file] });
    closeSync(file);
    child.once('error', () => {});
    if (child.pid === undefined) throw new Error(`${words[0]} can't be started`);
    const { pid } = child;
    this.#pids.add(pid);
    child.once('exit', () => this.#pids.delete(pid));
    return pid;
  }

  /** To its end. */
  run(name: string, words: readonly string[], env: NodeJS.ProcessEnv, input?: Buffer): Running {
    return runProgram('ip', ['netns', 'exec', this.#namespace(name), ...words], env, input);
  }

  async release(): Promise<void> {
    for (const pid of this.#pids) process.kill(pid, 'SIGKILL');
    for (const name of [...this.names, 'switch']) {
      await ip('netns', 'delete', this.#namespace(name)).catch(() => {});
    }
  }

  #namespace(name: string): string {
    return `${this.#prefix}-${name}`;
  }
}
