/**
 * The names of a cluster on several machines, kept in a file and brought back from one: from
 * whichever machine has the prepared folder, and with it the operator's certificate.
 */
import { DftfsError } from '#base/errors.ts';
import type { KeptNames } from '#cli/terminal.ts';
import { releaseCollection } from '#cluster/collection-hold.ts';
import { isEra } from '#cluster/era.ts';
import { createNodeTimers } from '#io/node/timers.ts';
import { createNodeWorld } from '#io/node/world.ts';
import { EtcdKv } from '#kv/etcd/etcd-kv.ts';
import type { Kv } from '#kv/kv.ts';
import { backUpNames } from '#namespace/backup/back-up.ts';
import { readBackup } from '#namespace/backup/read-backup.ts';
import { restoreNames } from '#namespace/backup/restore.ts';
import { silentLogger } from '#observe/log.ts';
import { checkBackupFile, readLines, writeBackup } from '../local/backup-file.ts';
import { operatorTls } from '../local/certificates.ts';
import { LaunchError } from '../local/launch-error.ts';
import { clientUrl } from './machine-files.ts';
import { eraOf, type MachinePlan, membersOf } from './machine-plan.ts';
import { readPlan } from './prepare.ts';

const timeoutMs = 10_000;

/** Cluster and nodes go on meanwhile. */
export async function backUpMachines(folder: string, file: string): Promise<void> {
  const plan = await knownPlan(folder);
  const about = { clusterId: plan.clusterId, era: eraOf(plan), takenMs: Date.now() };
  await withNames(folder, plan, async (kv) => {
    await checkEra(kv, plan);
    await writeBackup(file, backUpNames(kv, about));
  });
}

/** No node may run; etcd's members have been begun anew with the settings of a new era. */
export async function restoreMachines(folder: string, file: string): Promise<KeptNames> {
  const plan = await knownPlan(folder);
  const backup = await checkBackupFile(file, plan.clusterId);
  const era = eraOf(plan);
  if (backup.era >= era) {
    const now = `${file} is of era ${backup.era} and the settings in ${folder} of era ${era}`;
    throw new LaunchError(`${now}: dftfs prepare ${folder} --new-era comes first`);
  }
  await withNames(folder, plan, async (kv) => {
    const lines = await readBackup(readLines(file));
    await restoreNames({ kv, timers: createNodeTimers() }, lines, { era, nowMs: Date.now() });
  });
  return { entries: backup.entries, takenMs: backup.takenMs };
}

/** False: there was nothing to release. */
export async function releaseMachines(folder: string): Promise<boolean> {
  const plan = await knownPlan(folder);
  return withNames(folder, plan, async (kv) => {
    await checkEra(kv, plan);
    return releaseCollection(kv, { timeoutMs });
  });
}

async function knownPlan(folder: string): Promise<MachinePlan> {
  const plan = await readPlan(folder);
  if (plan === undefined) throw new LaunchError(`no cluster was prepared in ${folder}`);
  return plan;
}

async function checkEra(kv: Kv, plan: MachinePlan): Promise<void> {
  const era = eraOf(plan);
  const { succeeded } = await kv.txn({ compare: [isEra(era)], then: [], else: [] }, { timeoutMs });
  if (!succeeded) throw new LaunchError(`the names are not those of era ${era}`);
}

async function withNames<T>(
  folder: string,
  plan: MachinePlan,
  use: (kv: Kv) => Promise<T>,
): Promise<T> {
  const endpoints = membersOf(plan).map(({ address }) => clientUrl(address));
  const deps = { ...createNodeWorld(), tls: operatorTls(folder, { tls: true }), log: silentLogger };
  const kv = EtcdKv.create(deps, { endpoints, era: eraOf(plan) });
  try {
    return await use(kv);
  } catch (error) {
    if (!(error instanceof DftfsError)) throw error;
    throw new LaunchError(`${error.message} (etcd at ${endpoints.join(', ')})`);
  } finally {
    await kv.close();
  }
}
