/** What a node shows to be believed: the cluster's secret, and certificates if there is TLS. */
import type { NodeConfig } from '#config/node-config.ts';
import { readClusterSecret } from '#config/node-secrets.ts';
import { createTlsNetwork } from '#io/node/tls-network.ts';
import type { TlsSource } from '#io/tls.ts';
import type { World } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';
import { nodeNameSuffix } from './certificates/names.ts';
import { TlsFiles } from './tls-files.ts';

export interface NodeTls {
  /** For other nodes and etcd. */
  readonly cluster: TlsSource;
  readonly clients: TlsSource;
  /** Looks for newer files now. */
  look(): void;
}

export interface NodeSecrets {
  readonly clusterSecret: Buffer;
  /** Undefined: nobody speaks TLS. */
  readonly tls?: NodeTls | undefined;
}

/** Throws invalid_argument, in one line. */
export async function openNodeSecrets(
  world: World,
  { cluster, node }: NodeConfig,
  log: Logger,
): Promise<NodeSecrets> {
  const clusterSecret = readClusterSecret(cluster.secretFile);
  const { tlsCaFile: authorities } = cluster;
  if (authorities === null) return { clusterSecret };
  const { tlsCertificateFile: certificate, tlsKeyFile: key } = node;
  const deps = { ...world, log };
  const own = await TlsFiles.open(deps, { authorities, certificate, key });
  const { httpsCertificateFile, httpsKeyFile } = node;
  const isOne = httpsCertificateFile === null || httpsKeyFile === null;
  const shown = { authorities, certificate: httpsCertificateFile ?? '', key: httpsKeyFile ?? '' };
  const clients = isOne ? own : await TlsFiles.open(deps, shown);
  const look = () => {
    for (const files of new Set([own, clients])) void files.look();
  };
  return { clusterSecret, tls: { cluster: own, clients, look } };
}

/** The same world, in which nodes are met over TLS. */
export const securedWorld = (world: World, { tls }: NodeSecrets): World =>
  tls
    ? { ...world, network: createTlsNetwork({ source: tls.cluster, nameSuffix: nodeNameSuffix }) }
    : world;
