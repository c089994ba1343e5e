/**
 * Nodes die one after another, down to three: each time all files become as safe again as they can
 * be with so many, and stay whole. Then the dead come back, with their disks or without.
 */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { processFolder } from '#app/local/manifest.ts';
import { assertAllWhole, leavesOneOut } from '../support/audit.ts';
import { type AskedFile, ask, copyOf, upload } from '../support/busy-door.ts';
import { allLive } from '../support/cluster-state.ts';
import { isFullForm } from '../support/full-form.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';
import { healed } from '../support/protection.ts';
import { sideBySide } from '../support/side-by-side.ts';

const deaths = isFullForm ? 3 : 1;
const files = isFullForm ? 200 : 30;
const sizes = isFullForm
  ? [1, 4096, 256 * 1024, 1_000_000, 5_000_000, 64 * 1024 * 1024]
  : [1, 4096, 256 * 1024, 1_000_000, 3_000_000];
/** The largest are rare: they would be most of the bytes. */
const sizeOf = (nth: number): number =>
  (nth % 40 === 39 ? sizes.at(-1) : sizes[nth % (sizes.length - 1)]) as number;

async function putAll(door: string, some: readonly AskedFile[]): Promise<void> {
  await sideBySide(some, 4, async (file) => {
    assert.equal(await ask(file, door), 'acknowledged', file.path);
  });
}

async function die(cluster: LocalCluster, name: string, known: AskedFile[]): Promise<number> {
  cluster.signal(name, 'SIGKILL');
  const more = [upload(`/after-${name}`, 300_000)];
  await putAll(cluster.url, more);
  const copied = copyOf(known[0] as AskedFile, `/copied-after-${name}`);
  await putAll(cluster.url, [copied]);
  known.push(...more, copied);
  return await healed(cluster);
}

for (const lost of ['its process', 'its disk too'] as const) {
  test(`a node loses ${lost}: files become safe again, and it comes back`, async (t) => {
    await withLocalCluster(async (cluster) => {
      const known = Array.from({ length: files }, (_, nth) => upload(`/f/${nth}`, sizeOf(nth)));
      await putAll(cluster.url, known);
      const dead = [...cluster.nodeUrls.keys()].slice(-deaths).reverse();
      for (const [nth, name] of dead.entries()) {
        const ms = await die(cluster, name, known);
        t.diagnostic(`${name} dead: all safe again after ${(ms / 1000).toFixed(1)} s`);
        await assertAllWhole(known, [cluster.url]);
        await leavesOneOut(known.slice(0, 20), cluster.url, cluster.nodeUrls.size - nth - 1);
      }
      if (lost === 'its disk too') {
        for (const name of dead) {
          const store = path.join(processFolder(cluster.data, name), 'store');
          await rm(store, { recursive: true });
        }
      }
      await cluster.startAgain();
      await allLive(cluster);
      const ms = await healed(cluster);
      t.diagnostic(`all back: all safe again after ${(ms / 1000).toFixed(1)} s`);
      await assertAllWhole(known, [...cluster.nodeUrls.values()]);
    });
  });
}
