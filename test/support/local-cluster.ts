/**
 * A real cluster of its own for a test: started by `start.sh`, in a temporary folder, on free
 * ports.
 */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { withDataLock } from '#app/local/data-lock.ts';
import {
  etcdUrl,
  logPath,
  type Manifest,
  nodeUrl,
  processNames,
  publicUrl,
  readManifest,
} from '#app/local/manifest.ts';
import { freePorts } from '#app/local/ports.ts';
import { findProcess } from '#app/local/process-record.ts';
import { projectFolder } from '#app/local/project.ts';
import { stopCluster } from '#app/local/stopper.ts';

const run = promisify(execFile);

export interface LocalCluster {
  /** The front door. */
  readonly url: string;
  readonly data: string;
  /** Each node's own door, by name. */
  readonly nodeUrls: ReadonlyMap<string, string>;
  readonly etcdUrls: ReadonlyMap<string, string>;
  /** All processes' names: `etcd-1` …, `node-1` …. */
  readonly names: readonly string[];
  /** Of the living; throws when there is no such process any more. */
  pid(name: string): number;
  signal(name: string, signal: NodeJS.Signals): void;
  /**
   * Runs `start.sh` again, with so many nodes from now on, and more words this once; returns the
   * PIDs it printed.
   */
  startAgain(nodes?: number, ...words: string[]): Promise<number[]>;
  /** Runs `stop.sh`: all processes end, the data stays. */
  end(): Promise<void>;
  stop(): Promise<void>;
}

export interface LocalClusterShape {
  readonly nodes?: number;
  readonly etcd?: number;
  /** Settings of all nodes. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly etcdQuotaMib?: number;
  /** The program and first words instead of `start.sh`: of another installation. */
  readonly starter?: readonly string[];
  /** More words for `start.sh`, at every start. */
  readonly words?: readonly string[];
  /** Aborted: a start under way ends what it began, and fails; and so does any later one. */
  readonly signal?: AbortSignal;
}

export async function startLocalCluster(shape: LocalClusterShape = {}): Promise<LocalCluster> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'dftfs-test-'));
  const data = path.join(folder, 'data');
  const [port] = await freePorts('127.0.0.1', 1);
  const { etcd = 5 } = shape;
  let { nodes = 6 } = shape;
  const common = ['--data', data];
  const env = { ...process.env, ...shape.environment };
  const start = async (...more: string[]) => {
    const options = ['--port', String(port), '--nodes', String(nodes), '--etcd', String(etcd)];
    if (shape.etcdQuotaMib) options.push('--etcd-quota', String(shape.etcdQuotaMib));
    options.push(...(shape.words ?? []), ...more);
    shape.signal?.throwIfAborted();
    const [file = path.join(projectFolder, 'start.sh'), ...first] = shape.starter ?? [];
    const running = run(file, [...first, ...common, ...options], { env });
    const interrupt = () => running.child.kill('SIGTERM');
    shape.signal?.addEventListener('abort', interrupt);
    try {
      const { stdout } = await running;
      return stdout.split('\n').filter(Boolean).map(Number);
    } finally {
      shape.signal?.removeEventListener('abort', interrupt);
    }
  };
  try {
    // Tests that run side by side would choose the same ports, before anyone listens on them.
    await withDataLock(os.tmpdir(), { say: () => {} }, () => start());
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  let manifest = await manifestOf(data);
  const pid = (name: string): number => {
    const found = findProcess(data, name);
    if (found === undefined) throw new Error(`${name} isn't running`);
    return found.pid;
  };
  return {
    url: publicUrl(manifest),
    data,
    get nodeUrls() {
      return new Map(manifest.nodes.map((node) => [node.name, nodeUrl(manifest, node)]));
    },
    etcdUrls: new Map(manifest.etcd.map((member) => [member.name, etcdUrl(manifest, member)])),
    get names() {
      return processNames(manifest);
    },
    pid,
    signal: (name, signal) => process.kill(pid(name), signal),
    async startAgain(wanted = nodes, ...words) {
      nodes = wanted;
      const pids = await start(...words);
      manifest = await manifestOf(data);
      return pids;
    },
    async end() {
      await run(path.join(projectFolder, 'stop.sh'), common);
    },
    async stop() {
      // At once: how processes take their leave is another test's matter.
      for (const name of processNames(manifest)) {
        const found = findProcess(data, name);
        if (found !== undefined) process.kill(found.pid, 'SIGKILL');
      }
      await stopCluster({ data, wipe: true }, { say: () => {} });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function manifestOf(data: string): Promise<Manifest> {
  const found = await readManifest(data);
  if (found === undefined) throw new Error('the cluster has no manifest');
  return found;
}

/** Stops the cluster whatever happens; when `use` fails, the logs of all processes are kept. */
export async function withLocalCluster<T>(
  use: (cluster: LocalCluster) => Promise<T>,
  shape?: LocalClusterShape,
): Promise<T> {
  const cluster = await startLocalCluster(shape);
  try {
    return await use(cluster);
  } catch (error) {
    const kept = await keepLogs(cluster);
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\nThe processes' logs are kept in ${kept}`, { cause: error });
  } finally {
    await cluster.stop();
  }
}

/** Returns the folder that they are kept in. */
export async function keepLogs({ data, names }: LocalCluster): Promise<string> {
  const kept = await mkdtemp(path.join(os.tmpdir(), 'dftfs-logs-'));
  for (const name of names) await cp(logPath(data, name), path.join(kept, `${name}.log`));
  return kept;
}
