/**
 * Etcd members whose data is gone, while a majority has kept theirs: each is taken out of the
 * cluster and comes back as a new member, one at a time.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNodeTimers } from '#io/node/timers.ts';
import { EtcdMembership } from '#kv/etcd/membership.ts';
import { etcdAnswers } from './answering.ts';
import { operatorTls } from './certificates.ts';
import { LaunchError } from './launch-error.ts';
import { type EtcdMember, etcdDataFolder, etcdUrl, type Manifest, peerUrl } from './manifest.ts';

/** Etcd changes its members only when all have been in touch for five seconds. */
const insistMs = 15_000;
const betweenTriesMs = 500;
const callTimeoutMs = 5000;

/** Made whole or not at all, when a member first runs. */
const logFolder = join('member', 'wal');

/** Of a cluster that has run: those of `members` that have nothing to go on from. */
export function lostMembers(
  data: string,
  manifest: Manifest,
  members: readonly EtcdMember[],
): EtcdMember[] {
  if (!manifest.etcdFormed) return [];
  const hasLog = ({ name }: EtcdMember) => existsSync(join(etcdDataFolder(data, name), logFolder));
  const lost = members.filter((member) => !hasLog(member));
  const kept = manifest.etcd.length - lost.length;
  if (lost.length === 0 || kept > manifest.etcd.length / 2) return lost;
  const names = lost.map(({ name }) => name).join(', ');
  throw new LaunchError(
    `the data of ${names} is gone, and with it the majority of etcd: put it back, ` +
      'or restore the names from a backup (docs/operations.md)',
  );
}

export interface Replacement {
  readonly data: string;
  readonly manifest: Manifest;
  readonly lost: readonly EtcdMember[];
  readonly signal: AbortSignal;
  /** Starts a member into the cluster of these, and waits until it serves. */
  readonly start: (member: EtcdMember, cluster: readonly EtcdMember[]) => Promise<void>;
}

/** The others run. All of the lost go out before the first comes in, so that they don't count. */
export async function replaceMembers(replacement: Replacement): Promise<void> {
  const { lost, data, manifest } = replacement;
  const tls = operatorTls(data, manifest);
  const endpoint = await oneThatServes(replacement);
  const membership = new EtcdMembership({ timers: createNodeTimers(), tls }, { endpoint });
  try {
    for (const member of lost) await removeMember(membership, replacement, member);
    for (const member of lost) await addMember(membership, replacement, member);
  } finally {
    membership.close();
  }
}

async function oneThatServes({ data, manifest, lost }: Replacement): Promise<string> {
  for (const member of manifest.etcd) {
    const url = etcdUrl(manifest, member);
    if (!lost.includes(member) && (await etcdAnswers(url, operatorTls(data, manifest))()))
      return url;
  }
  const names = lost.map(({ name }) => name).join(', ');
  throw new LaunchError(`no majority of etcd answers: ${names} can't be replaced`);
}

async function removeMember(
  membership: EtcdMembership,
  { manifest, signal }: Replacement,
  { name, ...ports }: EtcdMember,
): Promise<void> {
  const url = peerUrl(manifest, { name, ...ports });
  await insist(`take ${name} out of etcd`, signal, async () => {
    const found = (await membership.list({ timeoutMs: callTimeoutMs })).find(
      (entry) => entry.name === name || entry.peerUrls.includes(url),
    );
    if (found !== undefined) await membership.remove(found.id, { timeoutMs: callTimeoutMs });
  });
}

async function addMember(
  membership: EtcdMembership,
  { manifest, signal, start }: Replacement,
  member: EtcdMember,
): Promise<void> {
  const url = peerUrl(manifest, member);
  const entries = await insist(`bring ${member.name} back into etcd`, signal, async () => {
    const known = await membership.list({ timeoutMs: callTimeoutMs });
    // An earlier try whose answer was lost.
    if (known.some(({ peerUrls }) => peerUrls.includes(url))) return known;
    return membership.add(url, { timeoutMs: callTimeoutMs });
  });
  const urls = new Set(entries.flatMap(({ peerUrls }) => peerUrls));
  const cluster = manifest.etcd.filter((one) => urls.has(peerUrl(manifest, one)));
  await start(member, cluster);
}

async function insist<T>(what: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const end = performance.now() + insistMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (performance.now() > end) {
        throw new LaunchError(`can't ${what}, are all others well? ${(error as Error).message}`);
      }
    }
    await sleep(betweenTriesMs, undefined, { signal });
  }
}
