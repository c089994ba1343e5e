/** A real cluster of its own for a test: started by `start.sh`, in a temporary folder, on free ports. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { nodeUrl, processNames, publicUrl, readManifest } from '#app/local/manifest.ts';
import { freePorts } from '#app/local/ports.ts';
import { findProcess } from '#app/local/process-record.ts';
import { projectFolder } from '#app/local/project.ts';

const run = promisify(execFile);

export interface LocalCluster {
  /** The front door. */
  readonly url: string;
  readonly data: string;
  /** Each node's own door, by name. */
  readonly nodeUrls: ReadonlyMap<string, string>;
  /** All processes' names: `etcd-1` …, `node-1` …. */
  readonly names: readonly string[];
  pid(name: string): number;
  signal(name: string, signal: NodeJS.Signals): void;
  /** Runs `start.sh` again; returns the PIDs it printed. */
  startAgain(): Promise<number[]>;
  stop(): Promise<void>;
}

export interface LocalClusterShape {
  readonly nodes?: number;
  readonly etcd?: number;
}

export async function startLocalCluster(shape: LocalClusterShape = {}): Promise<LocalCluster> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'dftfs-test-'));
  const data = path.join(folder, 'data');
  const [port] = await freePorts('127.0.0.1', 1);
  const { nodes = 6, etcd = 5 } = shape;
  const common = ['--data', data];
  const start = async () => {
    const options = ['--port', String(port), '--nodes', String(nodes), '--etcd', String(etcd)];
    const { stdout } = await run(path.join(projectFolder, 'start.sh'), [...common, ...options]);
    return stdout.split('\n').filter(Boolean).map(Number);
  };
  await start();
  const manifest = await readManifest(data);
  if (manifest === undefined) throw new Error('the cluster has no manifest');
  const pids = new Map<string, number>();
  const pid = (name: string): number => {
    const found = findProcess(data, name)?.pid ?? pids.get(name);
    if (found === undefined) throw new Error(`${name} was never seen running`);
    return found;
  };
  for (const name of processNames(manifest)) pids.set(name, pid(name));
  return {
    url: publicUrl(manifest),
    data,
    nodeUrls: new Map(manifest.nodes.map((node) => [node.name, nodeUrl(manifest, node)])),
    names: processNames(manifest),
    pid,
    signal: (name, signal) => process.kill(pid(name), signal),
    startAgain: start,
    async stop() {
      await run(path.join(projectFolder, 'stop.sh'), [...common, '--wipe']);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
