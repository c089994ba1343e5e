/**
 * What a data folder holds: the cluster's id and the name and ports of each process, chosen at the
 * first start and kept. The folder's layout is known here and nowhere else:
 *
 *   cluster.json            this manifest
 *   secret                  what the nodes know each other by
 *   admin-token             the first token, where clients have to show one
 *   tls/                    the cluster's certificate authority, and its operator's certificate
 *   node-1/ … etcd-1/ …     one subfolder a process: its config, record, log, certificate and data
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { namesQuotaBytesMax } from '#base/limits.ts';
import { LaunchError } from './launch-error.ts';
import { writeWholeSync } from './write-whole.ts';

export interface EtcdMember {
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
}

export interface ClusterNode {
  readonly name: string;
  readonly httpPort: number;
  readonly rpcPort: number;
}

export interface Manifest {
  readonly version: 1;
  readonly clusterId: string;
  readonly host: string;
  readonly publicPort: number;
  /** Where clients come in; nodes and etcd members reach each other at `host`. */
  readonly publicHost: string;
  /** Everybody speaks TLS. */
  readonly tls: boolean;
  /** Clients have to show a token. */
  readonly tokens: boolean;
  /** Others may come in without TLS or tokens. */
  readonly insecure: boolean;
  /** Space for names in each etcd member. */
  readonly etcdQuotaBytes: number;
  /** How often the names were restored from a backup. */
  readonly era: number;
  /** A restore has begun and not ended: what etcd holds is not whole. */
  readonly restoring: boolean;
  /** All etcd members have run: one without data has lost it. */
  readonly etcdFormed: boolean;
  readonly etcd: readonly EtcdMember[];
  readonly nodes: readonly ClusterNode[];
}

export interface Shape {
  readonly nodes: number | undefined;
  readonly etcd: number | undefined;
  readonly port: number | undefined;
  readonly etcdQuotaBytes?: number | undefined;
  readonly host?: string | undefined;
  readonly tls?: boolean | undefined;
  readonly tokens?: boolean | undefined;
  readonly insecure?: boolean | undefined;
}

/** Finds ports that are free and not `taken`. */
export type PortFinder = (count: number, taken: readonly number[]) => Promise<number[]>;

const defaults = { nodes: 6, etcd: 5, port: 8080 };
const host = '127.0.0.1';
/** May lie in a folder that is otherwise empty. */
const lockFile = 'lock.pid';

export const manifestPath = (data: string) => join(data, 'cluster.json');
export const tlsFolder = (data: string) => join(data, 'tls');
export const authorityPaths = (data: string) => ({
  certificate: join(tlsFolder(data), 'ca.crt'),
  key: join(tlsFolder(data), 'ca.key'),
});
export const operatorPaths = (data: string) => ({
  certificate: join(tlsFolder(data), 'operator.crt'),
  key: join(tlsFolder(data), 'operator.key'),
});
export const certificatePaths = (data: string, name: string) => ({
  certificate: join(data, name, 'tls.crt'),
  key: join(data, name, 'tls.key'),
});
export const adminTokenPath = (data: string) => join(data, 'admin-token');
export const secretPath = (data: string) => join(data, 'secret');
export const processFolder = (data: string, name: string) => join(data, name);
export const etcdDataFolder = (data: string, name: string) => join(data, name, 'data');
export const configPath = (data: string, name: string) => join(data, name, 'config.json');
export const recordPath = (data: string, name: string) => join(data, name, 'process.json');
export const logPath = (data: string, name: string) => join(data, name, `${name}.log`);

export const publicUrl = (manifest: Manifest) =>
  `${scheme(manifest)}://${reachable(manifest)}:${manifest.publicPort}`;
export const nodeUrl = (manifest: Manifest, node: ClusterNode) =>
  `${scheme(manifest)}://${reachable(manifest)}:${node.httpPort}`;
export const etcdUrl = (manifest: Manifest, member: EtcdMember) =>
  `${scheme(manifest)}://${manifest.host}:${member.clientPort}`;
export const peerUrl = (manifest: Manifest, member: EtcdMember) =>
  `${scheme(manifest)}://${manifest.host}:${member.peerPort}`;
export const processNames = (manifest: Manifest): string[] =>
  [...manifest.etcd, ...manifest.nodes].map((one) => one.name);

const scheme = ({ tls }: Manifest): string => (tls ? 'https' : 'http');

/** `publicHost` as it stands in a URL; who listens everywhere is reached by loopback too. */
function reachable({ publicHost }: Manifest): string {
  const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': host, '::': '::1' };
  const found = everywhere[publicHost] ?? publicHost;
  return found.includes(':') ? `[${found}]` : found;
}

/** What manifests of earlier starts don't say. */
const absentBefore = {
  publicHost: host,
  tls: false,
  tokens: false,
  insecure: false,
  etcdQuotaBytes: namesQuotaBytesMax,
  era: 0,
  restoring: false,
  etcdFormed: false,
};

/** Undefined: there is none. */
export async function readManifest(data: string): Promise<Manifest | undefined> {
  try {
    const manifest = JSON.parse(await readFile(manifestPath(data), 'utf8')) as Manifest;
    if (manifest.version === 1) return { ...absentBefore, ...manifest };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new LaunchError(`${manifestPath(data)} can't be read: ${(error as Error).message}`);
  }
  throw new LaunchError(`${manifestPath(data)} was written by another version`);
}

/** Chooses what the first start chooses. Writes nothing. */
export async function newManifest(
  data: string,
  shape: Shape,
  freePorts: PortFinder,
): Promise<Manifest> {
  const others = (await readdir(data)).filter((name) => name !== lockFile);
  if (others.length > 0) {
    throw new LaunchError(`${data} holds other things: name an empty or new folder with --data`);
  }
  const empty: Manifest = {
    version: 1,
    clusterId: randomBytes(16).toString('hex'),
    host,
    publicPort: shape.port ?? defaults.port,
    publicHost: shape.host ?? host,
    tls: shape.tls ?? false,
    tokens: shape.tokens ?? false,
    insecure: shape.insecure ?? false,
    etcdQuotaBytes: shape.etcdQuotaBytes ?? namesQuotaBytesMax,
    era: 0,
    restoring: false,
    etcdFormed: false,
    etcd: [],
    nodes: [],
  };
  const members = shape.etcd ?? defaults.etcd;
  const ports = await freePorts(2 * members, portsOf(empty));
  const etcd = Array.from({ length: members }, (_, index) => ({
    name: `etcd-${index + 1}`,
    clientPort: ports[2 * index] as number,
    peerPort: ports[2 * index + 1] as number,
  }));
  return withNodes({ ...empty, etcd }, shape.nodes ?? defaults.nodes, freePorts);
}

/** The same cluster with nodes added, up to `count`. */
export async function withNodes(
  manifest: Manifest,
  count: number,
  freePorts: PortFinder,
): Promise<Manifest> {
  const known = manifest.nodes.length;
  if (count <= known) return manifest;
  const ports = await freePorts(2 * (count - known), portsOf(manifest));
  const added = Array.from({ length: count - known }, (_, index) => ({
    name: `node-${known + index + 1}`,
    httpPort: ports[2 * index] as number,
    rpcPort: ports[2 * index + 1] as number,
  }));
  return { ...manifest, nodes: [...manifest.nodes, ...added] };
}

const portsOf = ({ publicPort, etcd, nodes }: Manifest): number[] => [
  publicPort,
  ...etcd.flatMap(({ clientPort, peerPort }) => [clientPort, peerPort]),
  ...nodes.flatMap(({ httpPort, rpcPort }) => [httpPort, rpcPort]),
];

/** The secret first: a manifest says that everything is there. */
export async function writeManifest(data: string, manifest: Manifest): Promise<void> {
  if ((await readManifest(data)) === undefined) {
    writeWholeSync(secretPath(data), `${randomBytes(32).toString('hex')}\n`, 0o600);
  }
  for (const name of processNames(manifest)) {
    await mkdir(processFolder(data, name), { recursive: true, mode: 0o700 });
  }
  writeWholeSync(manifestPath(data), `${JSON.stringify(manifest, undefined, 2)}\n`, 0o600);
}
