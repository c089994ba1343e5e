/**
 * `dftfs prepare`: makes in one folder what several machines need to be a cluster: the cluster's
 * id, secret, first token and certificate authority, and for each machine a folder to be copied to
 * it. What is there already is kept, so that the same command adds machines and nodes, and renews
 * certificates.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { firstTokenFile } from '#access/first-token.ts';
import { UsageError } from '#cli/exit-codes.ts';
import type { Prepared, PreparedMachine, PrepareOptions } from '#cli/terminal.ts';
import { readClusterSecret } from '#config/node-secrets.ts';
import { operatorHolder } from '../certificates/holders.ts';
import { Authority, type Holder } from '../certificates/provide.ts';
import { adminTokenPath, authorityPaths, operatorPaths, secretPath } from '../local/manifest.ts';
import { writeWholeSync } from '../local/write-whole.ts';
import { inEraOf, machineFiles, machineHolders, type PlainFile } from './machine-files.ts';
import {
  inNewEra,
  type Machine,
  type MachinePlan,
  nodeIdsOf,
  planMachines,
  ports,
} from './machine-plan.ts';

const ownerOnly = 0o600;
const forAll = 0o644;

export async function prepareMachines(options: PrepareOptions): Promise<Prepared> {
  const { folder, renew, newEra } = options;
  const planFile = planPath(folder);
  const before = await readPlan(folder);
  const known = newEra ? inNewEra(before) : before;
  const plan = planMachines(known, options, () => randomBytes(16).toString('hex'));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // The plan last: one that is there says that its secret and its authority are.
  writeIfAbsent(secretPath(folder), `${randomBytes(32).toString('hex')}\n`, ownerOnly);
  const secret = readClusterSecret(secretPath(folder));
  writeIfAbsent(adminTokenPath(folder), firstTokenFile(secret, 0), ownerOnly);
  const authority = await Authority.open(authorityPaths(folder), plan.clusterId);
  writeWholeSync(planFile, `${JSON.stringify(plan, undefined, 2)}\n`, ownerOnly);
  const provide = async (holder: Holder) => {
    await mkdir(dirname(holder.paths.key), { recursive: true, mode: 0o700 });
    return authority.provide(holder, { renew });
  };
  await provide(operatorHolder(operatorPaths(folder)));
  const machines: PreparedMachine[] = [];
  for (const machine of plan.machines) {
    const written = await fillMachine(folder, plan, machine, provide);
    machines.push({ ...describe(folder, machine), written });
  }
  const { certificate: ca } = authorityPaths(folder);
  return { ca, adminToken: adminTokenPath(folder), machines };
}

const planPath = (folder: string): string => join(folder, 'machines.json');

/** Undefined: nothing was prepared there. */
export async function readPlan(folder: string): Promise<MachinePlan | undefined> {
  const file = planPath(folder);
  if (!existsSync(file)) return undefined;
  const plan = JSON.parse(await readFile(file, 'utf8')) as MachinePlan;
  if (plan.version === 1) return plan;
  throw new UsageError(`${file} was written by another version.`);
}

const machineFolder = (folder: string, { name }: Machine): string => join(folder, 'machines', name);

/** Returns how many files were written. */
async function fillMachine(
  folder: string,
  plan: MachinePlan,
  machine: Machine,
  provide: (holder: Holder) => Promise<boolean>,
): Promise<number> {
  const own = machineFolder(folder, machine);
  let written = 0;
  for (const holder of machineHolders(own, machine)) {
    if (await provide(holder)) written += 1;
  }
  // Somebody may have added settings.
  for (const file of machineFiles(plan, machine)) {
    if (await writeOrAdapt(own, file, plan)) written += 1;
  }
  const { certificate } = authorityPaths(own);
  await mkdir(dirname(certificate), { recursive: true, mode: 0o700 });
  await copyFile(authorityPaths(folder).certificate, certificate);
  const secret = await readFile(secretPath(folder), 'utf8');
  if (writeIfAbsent(secretPath(own), secret, ownerOnly)) written += 1;
  return written;
}

async function writeOrAdapt(own: string, file: PlainFile, plan: MachinePlan): Promise<boolean> {
  const path = join(own, file.path);
  if (writeIfAbsent(path, file.content, forAll)) return true;
  const before = await readFile(path, 'utf8');
  const after = inEraOf(plan, { ...file, content: before });
  if (after === before) return false;
  writeWholeSync(path, after, forAll);
  return true;
}

function writeIfAbsent(path: string, content: string, mode: number): boolean {
  if (existsSync(path)) return false;
  writeWholeSync(path, content, mode);
  return true;
}

function describe(folder: string, machine: Machine) {
  const { name, address, hasEtcd } = machine;
  const nodes = nodeIdsOf(machine);
  const endpoints = nodes.map((_, index) => `https://${address}:${ports.http + index}`);
  return { name, folder: machineFolder(folder, machine), nodes, etcd: hasEtcd, endpoints };
}
