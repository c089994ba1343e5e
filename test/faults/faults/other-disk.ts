/** A node that comes back with another disk: an empty one, or its own as it was some time ago. */
import { cp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processFolder } from '#app/local/manifest.ts';
import { allLive, ended } from '../../support/cluster-state.ts';
import type { LocalCluster } from '../../support/local-cluster.ts';
import { soundRecords } from '../../support/stored-records.ts';
import type { FaultSpec } from '../scenario.ts';
import { choose, type Field, type RunningFault } from './fault.ts';

type OtherDiskSpec = Extract<FaultSpec, { kind: 'other disk' }>;

/** So long goes by between the copy and its return. */
const agesMs = 3000;

export async function beginOtherDisk({ as }: OtherDiskSpec, field: Field): Promise<RunningFault> {
  const { cluster } = field;
  const [name = ''] = await choose('a node', field);
  const store = path.join(processFolder(cluster.data, name), 'store');
  const copy = path.join(cluster.data, '..', `${name}.earlier`);
  if (as === 'earlier') {
    await whileDead(cluster, name, () => cp(store, copy, { recursive: true }));
    await sleep(agesMs);
  }
  let missing = 0;
  await whileDead(cluster, name, async () => {
    const before = await keysIn(store);
    await rm(store, { recursive: true });
    if (as === 'earlier') await rename(copy, store);
    const after = as === 'earlier' ? await keysIn(store) : new Set();
    missing = [...before].filter((key) => !after.has(key)).length;
  });
  return { hits: async () => missing, undo: async () => {} };
}

async function whileDead(
  cluster: LocalCluster,
  name: string,
  work: () => Promise<void>,
): Promise<void> {
  cluster.signal(name, 'SIGKILL');
  await ended(cluster, name);
  await work();
  await cluster.startAgain();
  await allLive(cluster);
}

const keysIn = async (store: string): Promise<Set<string>> =>
  new Set((await soundRecords(store)).map(({ key }) => key));
