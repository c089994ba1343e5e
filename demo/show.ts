/** From the first file to the facts for the verdict, on a cluster that runs. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, upload } from '../test/support/busy-door.ts';
import type { LocalCluster } from '../test/support/local-cluster.ts';
import { healed, runningNodes, viewOf } from '../test/support/protection.ts';
import { SeededRandom } from '../test/support/seeded-random.ts';
import { sideBySide } from '../test/support/side-by-side.ts';
import { Acts } from './acts.ts';
import { audit } from './audit.ts';
import { DemoClient } from './client.ts';
import { clock, counted, percent, size } from './draw/figures.ts';
import type { DemoOptions } from './options.ts';
import type { Scene } from './scene.ts';
import type { Facts, Redundancy } from './verdict.ts';

export type ShowOptions = Pick<DemoOptions, 'seconds' | 'seed'>;

const loadedFiles = 60;
const loadedSizes = [1, 4096, 100_000, 262_145, 1_000_000, 3_500_000];
const loadedAtATime = 4;
const clientCount = 8;
/** From the beginning of one request of a client to that of its next, if that took no longer. */
const paceMs = 60;
const lookMs = 400;
const healingMsMax = 120_000;

export async function show(
  cluster: LocalCluster,
  scene: Scene,
  options: ShowOptions,
): Promise<Facts> {
  const ended = new AbortController();
  const watching = watch(cluster, scene, ended.signal);
  try {
    await load(cluster, scene);
    scene.phase = `under fire until ${clock(scene.elapsedMs + options.seconds * 1000)}`;
    const troubles = await underFire(cluster, scene, options);
    scene.phase = 'coming to rest';
    const redundancy = await redundancyOf(cluster);
    return { ...(await auditOf(cluster, scene)), redundancy, troubles };
  } finally {
    ended.abort();
    await watching;
  }
}

/** Once more and again, what a node says of the cluster. */
async function watch({ url }: LocalCluster, scene: Scene, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    const view = await viewOf(url).catch(() => undefined);
    if (view !== undefined) scene.see(view);
    await sleep(lookMs, undefined, { signal: ended }).catch(() => {});
  }
}

async function load({ url }: LocalCluster, scene: Scene): Promise<void> {
  const { ledger } = scene;
  const files = Array.from({ length: loadedFiles }, (_, nth) =>
    upload(`/loaded/${nth}`, loadedSizes[nth % loadedSizes.length] as number),
  );
  await sideBySide(files, loadedAtATime, async (file) => {
    assert.equal(await ask(file, url), 'acknowledged', `put ${file.path}`);
    ledger.acknowledge(file);
  });
  scene.tell('note', `${counted(loadedFiles, 'file')} put, ${size(ledger.bytes)}`);
}

/** Resolves with what kept the acts from being played to their end. */
async function underFire(
  cluster: LocalCluster,
  scene: Scene,
  { seconds, seed }: ShowOptions,
): Promise<string[]> {
  const { harms, ledger, tally } = scene;
  const complain = (text: string) => scene.tell('broken', text);
  const ended = new AbortController();
  const clients = Array.from({ length: clientCount }, (_, nth) => {
    const random = new SeededRandom(seed + 1 + nth);
    const folder = `/live/${nth}`;
    return new DemoClient({ url: cluster.url, folder, random, ledger, harms, tally, complain });
  });
  const asking = Promise.all(clients.map((client) => keepAsking(client, ended.signal)));
  const timeUp = AbortSignal.any([AbortSignal.timeout(seconds * 1000), ended.signal]);
  const acts = new Acts({ cluster, scene, random: new SeededRandom(seed), timeUp });
  const troubles: string[] = [];
  try {
    await Promise.race([acts.play(), asking]);
  } catch (error) {
    troubles.push(String(error));
    complain(String(error));
  } finally {
    ended.abort();
  }
  await asking;
  return troubles;
}

async function keepAsking(client: DemoClient, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    const nextMs = performance.now() + paceMs;
    await client.step();
    await sleep(Math.max(0, nextMs - performance.now()));
  }
}

async function redundancyOf(cluster: LocalCluster): Promise<Redundancy> {
  try {
    await healed(cluster, healingMsMax);
  } catch (error) {
    return { isFull: false, text: (error as Error).message };
  }
  const { volumes } = await viewOf(cluster.url);
  const margins = Object.entries(volumes).filter(([, some]) => some > 0);
  const alive = runningNodes(cluster).length;
  const least = Math.min(...margins.map(([margin]) => Number(margin)));
  const all = margins.reduce((sum, [, some]) => sum + some, 0);
  return {
    isFull: alive === cluster.nodeUrls.size,
    text: `${alive} nodes live, each of ${counted(all, 'volume')} can lose ${least}`,
  };
}

async function auditOf(cluster: LocalCluster, scene: Scene) {
  const { ledger, tally, harms } = scene;
  const doors = runningNodes(cluster).map(([, url]) => url);
  scene.tell('note', `now every file is read back from each of ${counted(doors.length, 'node')}`);
  const onProgress = (share: number) => {
    scene.phase = `reading back ${percent(share)}`;
  };
  return {
    audit: await audit({ ledger, doors, onProgress }),
    counts: tally.counts,
    latency: tally.latency(),
    harms: harms.done,
    refusals: ledger.refusals,
    files: ledger.acknowledged.length,
  };
}
