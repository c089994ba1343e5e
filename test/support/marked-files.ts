/** Files whose bytes can be told again wherever they lie on a disk. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { LocalCluster } from './local-cluster.ts';

/** Stands in every 512 bytes of the content, so in whatever part of it a node holds. */
const markerOf = (n: number) => `<<dftfs marker of file ${String(n).padStart(4, '0')}>>`;

export const markedContent = (n: number, bytes: number): Buffer =>
  Buffer.alloc(bytes, markerOf(n).padEnd(512, '.'));

/** By process, etcd's too: numbers of the files of which it holds any bytes as they were put. */
export async function holdersOfMarked(
  cluster: LocalCluster,
  count: number,
): Promise<Map<string, Set<number>>> {
  const holds = new Map<string, Set<number>>();
  for (const name of cluster.names) {
    const found = new Set<number>();
    for (const file of await filesUnder(path.join(cluster.data, name))) {
      const content = await readFile(file);
      for (let n = 0; n < count; n++) if (content.includes(markerOf(n))) found.add(n);
    }
    holds.set(name, found);
  }
  return holds;
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((e) => e.isFile()).map((e) => path.join(e.parentPath, e.name));
}
