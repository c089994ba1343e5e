/**
 * Begins etcd anew with the names of a backup. Nothing of the cluster may run; what etcd held is
 * put aside, not deleted. Until it has ended, no start will take what is there for names.
 */
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { eraMax } from '#base/limits.ts';
import { createNodeTimers } from '#io/node/timers.ts';
import type { BackupEnd, BackupHead } from '#namespace/backup/back-up.ts';
import { readBackup } from '#namespace/backup/read-backup.ts';
import { restoreNames } from '#namespace/backup/restore.ts';
import { etcdAnswers, until } from './answering.ts';
import { checkBackupFile, readLines } from './backup-file.ts';
import { operatorTls } from './certificates.ts';
import { withDataLock } from './data-lock.ts';
import { endProcesses, etcdPoliteMs } from './ending.ts';
import { findEtcd } from './etcd-binary.ts';
import { etcdCommand } from './etcd-command.ts';
import { LaunchError } from './launch-error.ts';
import { logTail } from './log-tail.ts';
import {
  etcdDataFolder,
  etcdUrl,
  type Manifest,
  processFolder,
  processNames,
  writeManifest,
} from './manifest.ts';
import { knownManifest, withNames } from './names-engine.ts';
import { findProcess } from './process-record.ts';
import { spawnProcess } from './spawn-process.ts';

export interface RestorerDeps {
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const answerWithinMs = 60_000;

export async function restoreCluster(
  { data, file }: { readonly data: string; readonly file: string },
  deps: RestorerDeps,
): Promise<BackupHead & BackupEnd> {
  await knownManifest(data);
  return withDataLock(data, deps, async () => {
    const manifest = await knownManifest(data);
    const running = processNames(manifest).filter((name) => findProcess(data, name) !== undefined);
    if (running.length > 0) {
      throw new LaunchError(`${running.join(' ')} must not run meanwhile: ./stop.sh first`);
    }
    const backup = await checkBackupFile(file, manifest.clusterId);
    const next = nextEra(manifest, backup.era);
    await writeManifest(data, next);
    await putAside(data, manifest);
    const names = manifest.etcd.map(({ name }) => name);
    try {
      await startEtcd(data, next, deps.signal);
      deps.say(`restoring ${backup.entries} entries of ${new Date(backup.takenMs).toISOString()}`);
      await fill(file, data, next);
    } finally {
      await endProcesses(data, names, etcdPoliteMs);
    }
    await writeManifest(data, { ...next, restoring: false, etcdFormed: true });
    return backup;
  });
}

/** Also for one that is done again after it was interrupted. */
function nextEra(manifest: Manifest, ofBackup: number): Manifest {
  const era = Math.max(manifest.era, ofBackup) + 1;
  if (era > eraMax) throw new LaunchError(`a cluster is restored at most ${eraMax} times`);
  return { ...manifest, era, restoring: true, etcdFormed: false };
}

async function putAside(data: string, { etcd, era }: Manifest): Promise<void> {
  for (const { name } of etcd) {
    const folder = etcdDataFolder(data, name);
    if (!existsSync(folder)) continue;
    await rename(folder, join(processFolder(data, name), `data-of-era-${era}`));
  }
}

async function startEtcd(data: string, manifest: Manifest, signal: AbortSignal): Promise<void> {
  const binary = await findEtcd();
  const end = performance.now() + answerWithinMs;
  for (const member of manifest.etcd) {
    spawnProcess(data, etcdCommand(binary, data, manifest, member));
  }
  for (const member of manifest.etcd) {
    const giveUp = () => {
      const isDead = findProcess(data, member.name) === undefined;
      if (!isDead && performance.now() < end) return;
      throw new LaunchError(`${member.name} doesn't answer. ${logTail(data, member.name)}`);
    };
    await until(
      etcdAnswers(etcdUrl(manifest, member), operatorTls(data, manifest)),
      giveUp,
      signal,
    );
  }
}

const fill = (file: string, data: string, manifest: Manifest): Promise<BackupEnd> =>
  withNames(data, manifest, async (kv) => {
    const backup = await readBackup(readLines(file));
    const { era } = manifest;
    return restoreNames({ kv, timers: createNodeTimers() }, backup, { era, nowMs: Date.now() });
  });
