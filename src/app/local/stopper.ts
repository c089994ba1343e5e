/** Stops a local cluster, and on request deletes what it kept. */
import { existsSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { withDataLock } from './data-lock.ts';
import { endProcesses, etcdPoliteMs, nodePoliteMs } from './ending.ts';
import { LaunchError } from './launch-error.ts';
import {
  adminTokenPath,
  manifestPath,
  processFolder,
  processNames,
  readManifest,
  secretPath,
  tlsFolder,
} from './manifest.ts';
import type { StopOptions } from './options.ts';

export interface StopperDeps {
  readonly say: (line: string) => void;
}

export async function stopCluster(options: StopOptions, deps: StopperDeps): Promise<void> {
  const { data } = options;
  if (!existsSync(manifestPath(data))) {
    const others = await readdir(data).catch(() => []);
    if (options.wipe && others.length > 0) throw new LaunchError(`${data} isn't a cluster's data`);
    return deps.say(`nothing to stop in ${data}`);
  }
  await withDataLock(data, deps, async () => {
    const manifest = await readManifest(data);
    if (manifest === undefined) return;
    // Nodes first: they take their leave of etcd.
    const nodes = await endProcesses(
      data,
      manifest.nodes.map((one) => one.name),
      nodePoliteMs,
    );
    const etcd = await endProcesses(
      data,
      manifest.etcd.map((one) => one.name),
      etcdPoliteMs,
    );
    const stopped = [...nodes, ...etcd];
    deps.say(stopped.length === 0 ? 'nothing was running' : `stopped ${stopped.join(' ')}`);
    if (options.wipe) await wipe(data, processNames(manifest), deps);
  });
}

/** Only what a start has made; the manifest last, so that an interrupted wipe can be done again. */
async function wipe(data: string, names: readonly string[], deps: StopperDeps): Promise<void> {
  for (const name of names) await rm(processFolder(data, name), { recursive: true, force: true });
  await rm(tlsFolder(data), { recursive: true, force: true });
  const secrets = [secretPath(data), adminTokenPath(data)];
  for (const file of [...secrets, join(data, 'lock.pid'), manifestPath(data)]) {
    await rm(file, { force: true });
  }
  const left = await readdir(data);
  if (left.length === 0) await rmdir(data);
  else deps.say(`kept in ${data}, as no start has made it: ${left.join(' ')}`);
  deps.say('deleted the data');
}
