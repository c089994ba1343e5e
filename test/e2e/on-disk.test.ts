/** What lies where: every node has a part, no file is on all nodes, names hold no bytes. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { httpCall } from '../support/http-call.ts';
import { type LocalCluster, startLocalCluster } from '../support/local-cluster.ts';

const files = 60;
const smallBytes = 4096;
const largeBytes = 900_000;

/** Stands in every 4 KiB of the content, so in whatever part of it a node holds. */
const markerOf = (n: number) => `<<dftfs marker of file ${String(n).padStart(4, '0')}>>`;

const contentOf = (n: number) =>
  Buffer.alloc(n % 2 === 0 ? smallBytes : largeBytes, markerOf(n).padEnd(512, '.'));

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((e) => e.isFile()).map((e) => path.join(e.parentPath, e.name));
}

describe('on disk', () => {
  let cluster: LocalCluster;
  /** By process: numbers of the files of which it holds any bytes. */
  const holds = new Map<string, Set<number>>();

  before(async () => {
    cluster = await startLocalCluster();
    for (let n = 0; n < files; n++) {
      const { status } = await httpCall('PUT', `${cluster.url}/f/${n}`, { body: contentOf(n) });
      assert.equal(status, 200);
    }
    for (const name of cluster.names) {
      const found = new Set<number>();
      for (const file of await filesUnder(path.join(cluster.data, name))) {
        const content = await readFile(file);
        for (let n = 0; n < files; n++) if (content.includes(markerOf(n))) found.add(n);
      }
      holds.set(name, found);
    }
  });
  after(() => cluster.stop());

  const storageNodes = () => cluster.names.filter((name) => name.startsWith('node-'));

  it('every node holds a part', () => {
    for (const name of storageNodes()) assert.ok((holds.get(name)?.size ?? 0) > 0, name);
  });

  it('every file is on at least two nodes and never on all', () => {
    for (let n = 0; n < files; n++) {
      const holders = storageNodes().filter((name) => holds.get(name)?.has(n));
      assert.ok(holders.length >= 2, `file ${n} is only on ${holders}`);
      assert.ok(holders.length < storageNodes().length, `file ${n} is on all nodes`);
    }
  });

  it('etcd holds no bytes of any file', () => {
    for (const name of cluster.names.filter((one) => one.startsWith('etcd-'))) {
      assert.deepEqual([...(holds.get(name) ?? [])], [], name);
    }
  });
});
