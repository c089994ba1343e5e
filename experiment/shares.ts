/**
 * (d) Which process holds how much of which file: read from the disks themselves, as shards by
 * their blob's id, and as the bytes that were put, of which etcd's disks must hold none.
 */
import path from 'node:path';
import { processFolder } from '#app/local/manifest.ts';
import { httpCall } from '../test/support/http-call.ts';
import { type LocalCluster, withLocalCluster } from '../test/support/local-cluster.ts';
import { holdersOfMarked, markedContent } from '../test/support/marked-files.ts';
import { soundRecords } from '../test/support/stored-records.ts';
import type { Part, PartOptions } from './part.ts';

const sizes = [4096, 100_000, 262_144, 900_000, 2_000_000, 5_000_000];
const fileCount = 24;
const quickFileCount = 6;

interface PutFile {
  readonly path: string;
  readonly size: number;
  readonly blob: string;
  readonly k: number;
  readonly m: number;
}

async function put(url: string, n: number): Promise<PutFile> {
  const target = `/file/${n}`;
  const size = sizes[n % sizes.length] as number;
  const { status } = await httpCall('PUT', url + target, { body: markedContent(n, size) });
  if (status !== 200) throw new Error(`put answered ${status}`);
  const { body } = await httpCall('GET', `${url}/stat?path=${target}`);
  const { blob, extents } = JSON.parse(body.toString());
  return { path: target, size, blob, k: extents[0].k, m: extents[0].m };
}

/** Of each file, the bytes of its shards that each node holds. */
async function sharesOf(cluster: LocalCluster, files: readonly PutFile[]) {
  const shares = files.map((): Record<string, number> => ({}));
  for (const node of cluster.nodeUrls.keys()) {
    const store = path.join(processFolder(cluster.data, node), 'store');
    for (const { key, start, end } of await soundRecords(store)) {
      const nth = files.findIndex(({ blob }) => key.includes(blob));
      const share = shares[nth];
      if (share !== undefined) share[node] = (share[node] ?? 0) + end - start;
    }
  }
  return shares;
}

async function measure({ quick }: PartOptions) {
  return await withLocalCluster(async (cluster) => {
    const files: PutFile[] = [];
    for (let n = 0; n < (quick ? quickFileCount : fileCount); n++) {
      files.push(await put(cluster.url, n));
    }
    const shares = await sharesOf(cluster, files);
    const marked = await holdersOfMarked(cluster, files.length);
    const data = {
      nodes: [...cluster.nodeUrls.keys()],
      etcd: [...cluster.etcdUrls.keys()],
      files: files.map(({ path: name, size, k, m }, n) => ({
        ...{ path: name, size, k, m, bytesByNode: shares[n] },
      })),
      /** Files of which a process holds bytes as they were put. */
      plain: Object.fromEntries([...marked].map(([name, some]) => [name, some.size])),
    };
    return { repetitions: 1, data };
  });
}

export const shares: Part = {
  name: 'shares',
  title: 'what each process holds of each file',
  measure,
};
