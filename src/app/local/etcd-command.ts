/** How an etcd member is started. Every number that tunes etcd stands here. */
import { availableParallelism } from 'node:os';
import { txnOpsMax } from '#base/limits.ts';
import { etcdName } from '../certificates/names.ts';
import { etcdEnvironment } from './etcd-binary.ts';
import {
  authorityPaths,
  certificatePaths,
  type EtcdMember,
  etcdDataFolder,
  etcdUrl,
  type Manifest,
  peerUrl,
} from './manifest.ts';
import type { ProcessCommand } from './spawn-process.ts';

const MiB = 1024 * 1024;

export const heartbeatMs = 50;
/** How long followers wait for a heartbeat: most of the stall when a leader dies. */
export const electionMs = 500;

const tuning = {
  'heartbeat-interval': heartbeatMs,
  'election-timeout': electionMs,
  // A member that was away asks before it forces an election on the others.
  'pre-vote': true,
  // A combined transaction nests up to txnOpsMax operations, each a transaction of compares and
  // puts.
  'max-txn-ops': 2 * txnOpsMax,
  'max-request-bytes': 16 * MiB,
  // Entries between snapshots are held in memory, and a combined one can be large.
  'snapshot-count': 5000,
  logger: 'zap',
  'log-outputs': 'stderr',
} as const;

/** `joins`: the members of the cluster that it is added to; undefined: it begins one with all. */
export function etcdCommand(
  binary: string,
  data: string,
  manifest: Manifest,
  member: EtcdMember,
  joins?: readonly EtcdMember[],
): ProcessCommand {
  const authority = authorityPaths(data).certificate;
  const [client, peer] = [etcdUrl(manifest, member), peerUrl(manifest, member)];
  const members = joins ?? manifest.etcd;
  const flags = etcdFlags({
    name: member.name,
    folder: etcdDataFolder(data, member.name),
    clients: { listen: client, advertise: client },
    peers: { listen: peer, advertise: peer },
    members: members.map((one) => ({ name: one.name, url: peerUrl(manifest, one) })),
    state: joins === undefined ? 'new' : 'existing',
    clusterToken: `${manifest.clusterId}-${manifest.era}`,
    quotaBytes: manifest.etcdQuotaBytes,
    tls: manifest.tls ? { ...certificatePaths(data, member.name), authority } : undefined,
  });
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
  const environment = { GOMAXPROCS: String(threads(manifest)), ...etcdEnvironment() };
  return { name: member.name, file: binary, args, environment };
}

interface Urls {
  readonly listen: string;
  readonly advertise: string;
}

interface TlsPaths {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

export interface EtcdSettings {
  readonly name: string;
  readonly folder: string;
  readonly clients: Urls;
  readonly peers: Urls;
  /** With their urls for peers; this one among them. */
  readonly members: readonly { readonly name: string; readonly url: string }[];
  readonly state: 'new' | 'existing';
  readonly clusterToken: string;
  /** At this size writes are refused; reads and deletes go on. */
  readonly quotaBytes: number;
  readonly tls: TlsPaths | undefined;
}

/** Of any member, on whichever machine. */
export const etcdFlags = (settings: EtcdSettings) => ({
  name: settings.name,
  'data-dir': settings.folder,
  'listen-client-urls': settings.clients.listen,
  'advertise-client-urls': settings.clients.advertise,
  'listen-peer-urls': settings.peers.listen,
  'initial-advertise-peer-urls': settings.peers.advertise,
  'initial-cluster': settings.members.map(({ name, url }) => `${name}=${url}`).join(','),
  'initial-cluster-state': settings.state,
  'initial-cluster-token': settings.clusterToken,
  'quota-backend-bytes': settings.quotaBytes,
  ...(settings.tls === undefined ? {} : tlsFlags(settings.tls)),
  ...tuning,
});

/** Who has no certificate of the cluster's is refused, by peers too who isn't a member's. */
const tlsFlags = ({ certificate, key, authority }: TlsPaths) => ({
  ...{ 'cert-file': certificate, 'key-file': key, 'trusted-ca-file': authority },
  'client-cert-auth': true,
  ...{ 'peer-cert-file': certificate, 'peer-key-file': key },
  'peer-trusted-ca-file': authority,
  'peer-client-cert-auth': true,
  'peer-cert-allowed-hostname': etcdName,
});

/**
 * A member's share of the cores, for they wait for one another all the time: with more threads than
 * that a read costs them half as much again.
 */
const threads = (manifest: Manifest): number =>
  Math.max(1, Math.floor(availableParallelism() / manifest.etcd.length));
