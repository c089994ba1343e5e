/** What the nodes of a local cluster and its etcd take of the disk. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { processFolder } from '#app/local/manifest.ts';
import type { LocalCluster } from './local-cluster.ts';
import { viewOf } from './protection.ts';

const run = promisify(execFile);

export interface DiskUse {
  /** Each node's store: segments, index and all. */
  readonly nodes: ReadonlyMap<string, number>;
  /** The largest member's, as a file. */
  readonly databaseBytes: number;
  /** Of it, what isn't free. */
  readonly databaseBytesInUse: number;
}

export async function diskUseOf(cluster: LocalCluster): Promise<DiskUse> {
  const nodes = new Map<string, number>();
  for (const name of cluster.nodeUrls.keys()) {
    const store = path.join(processFolder(cluster.data, name), 'store');
    nodes.set(name, await bytesUnder(store));
  }
  const { members } = (await viewOf(cluster.url)).names;
  return {
    nodes,
    databaseBytes: Math.max(...members.map(({ dbBytes = 0 }) => dbBytes)),
    databaseBytesInUse: Math.max(...members.map(({ dbBytesInUse = 0 }) => dbBytesInUse)),
  };
}

/** A file may go while it is looked at: then `du` complains and tells the rest all the same. */
async function bytesUnder(folder: string): Promise<number> {
  const counted = await run('du', ['--summarize', '--block-size=1', folder]).catch(
    (error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }),
  );
  return Number.parseInt(counted.stdout, 10);
}

const MiB = 1024 * 1024;
const inMib = (bytes: number) => (bytes / MiB).toFixed(1);

export function shown({ nodes, databaseBytes, databaseBytesInUse }: DiskUse): string {
  const each = [...nodes.values()].map(inMib).join(' ');
  return `nodes ${each} MiB, etcd ${inMib(databaseBytes)} MiB, ${inMib(databaseBytesInUse)} in use`;
}
