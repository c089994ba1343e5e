/**
 * A node process's settings: read once at start from its `config.json` and the environment,
 * checked, frozen. What all processes of a cluster must agree on stands under `cluster`, what is
 * this process's own under `node`; the secret is read apart (`node-secrets.ts`), so that a config
 * can be shown.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DftfsError } from '#base/errors.ts';
import { type NodeId, nodeId } from '#base/ids.ts';
import { eraMax, namesQuotaBytesMax } from '#base/limits.ts';
import { exposureProblem, isLoopback } from './exposure.ts';
import {
  flag,
  integer,
  listOf,
  oneOf,
  optional,
  port,
  readValues,
  type Schema,
  text,
  type Values,
  variableOf,
} from './fields.ts';

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;
const name = text(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower case letters, digits and dashes');
const host = text(/^[A-Za-z0-9.:-]{1,255}$/, 'a host name or address', '127.0.0.1');
const file = (fallback?: string) => text(/^[^\0]+$/, 'a path', fallback);

const clusterSchema = {
  id: text(/^[0-9a-f]{32}$/, '32 hex digits'),
  etcdEndpoints: listOf(text(/^https?:\/\/[^/\s]+:\d+$/, 'http://host:port or https://…')),
  /** What each etcd member was started with as its `--quota-backend-bytes`. */
  etcdQuotaBytes: integer(MiB, 2 ** 53 - 1, namesQuotaBytesMax),
  /** How often the names were restored from a backup. */
  era: integer(0, eraMax, 0),
  /** Relative to the config file. */
  secretFile: file('../secret'),
  /**
   * Whose signature counts between nodes, and with etcd: with it they speak TLS, and clients have
   * to; null: nobody does. Relative to the config file.
   */
  tlsCaFile: optional(file()),
  /** Clients have to show a token, and may do what it allows. */
  tokens: flag(false),
  /** Where the first token is written to, which may do everything. Relative to the config file. */
  adminTokenFile: file('../admin-token'),
  /** A node that is silent for this long is no longer counted among the living. */
  leaseTtlMs: integer(1000, 60_000, 3000),
  /** A node that is dead for this long has its shards rebuilt elsewhere. */
  repairDelayMs: integer(0, 24 * 3600_000, 10_000),
  /** What lost its last name stays so long, for those who are reading it. */
  readGraceMs: integer(0, 24 * 3600_000, 30_000),
} as const satisfies Schema;

const nodeSchema = {
  id: name,
  /** Relative to the config file. One process at a time owns it. */
  dataFolder: file('.'),
  /** The shards are on a disk of their own: don't start while it isn't mounted. */
  requireMount: flag(false),
  /** This node's certificate, which names it, and its key. Relative to the config file. */
  tlsCertificateFile: file('tls.crt'),
  tlsKeyFile: file('tls.key'),
  /** What clients are shown; null: the same. */
  httpsCertificateFile: optional(file()),
  httpsKeyFile: optional(file()),
  host,
  /** Where clients come in; null: `host`. */
  httpHost: optional(host),
  /** Others may reach this node without TLS or tokens. */
  insecure: flag(false),
  /** Of one token, how many requests may be under way here at once. */
  requestsPerTokenMax: integer(1, 100_000, 1000),
  /** What others reach this node by; null: `host`. */
  advertisedHost: optional(host),
  rpcPort: port(),
  /** This node's own HTTP port. */
  httpPort: port(),
  /** The front door that all nodes of a machine share; null: none. */
  publicPort: optional(port()),
  /** An inherited listening socket of the front door; null: the node opens one with `reusePort`. */
  publicFd: optional(integer(3, 1023)),
  /** Failure domain: copies go to different ones where that is possible. */
  zone: { ...name, fallback: 'local' },
  /** Bytes of shards to offer; null: whatever the disk has. */
  capacityBytes: optional(integer(GiB / 16, 2 ** 53 - 1)),
  /** How fast the scrub reads at most, and how long it rests between two rounds. */
  scrubBytesPerSecond: integer(1, 2 ** 40, 8 * 1024 ** 2),
  scrubPauseMs: integer(0, 365 * 24 * 3600_000, 10 * 60_000),
  logLevel: oneOf(['debug', 'info', 'warn', 'error'], 'info'),
  /** Count what is done, and show it under `/-/metrics`. */
  metrics: flag(true),
  /** Keep a log of all changes in the data folder, and how large it may become. */
  auditLog: flag(false),
  auditLogBytesMax: integer(8 * MiB, 2 ** 40, 64 * MiB),
  /** Where traces go by OTLP over HTTP; null: nowhere, and none are kept. */
  traceEndpoint: optional(text(/^https?:\/\/[^\s]+$/, 'http://host:port')),
  /** Of the requests that come without a trace of their own, how many begin one. */
  traceSamplePercent: integer(0, 100, 100),
  /** A node that is told to stop serves on for so long, while `/-/ready` says so to balancers. */
  stopDelayMs: integer(0, 600_000, 0),
} as const satisfies Schema;

/** By section. docs/configuration.md lists them, and a test compares. */
export const settings = { cluster: clusterSchema, node: nodeSchema } as const;

export interface NodeConfig {
  readonly cluster: Values<typeof clusterSchema>;
  readonly node: Omit<Values<typeof nodeSchema>, 'id'> & { readonly id: NodeId };
}

/** Throws `invalid_argument` naming the setting that is wrong, and what it must be. */
export function readNodeConfig(path: string, environment: NodeJS.ProcessEnv): NodeConfig {
  try {
    const sections = parseSections(readFileSync(path, 'utf8'));
    return nodeConfigOf(sections, dirname(resolve(path)), environment);
  } catch (error) {
    throw new DftfsError('invalid_argument', `${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Paths are relative to `folder`. Throws an Error that names the setting. */
export function nodeConfigOf(
  sections: { readonly cluster: unknown; readonly node: unknown },
  folder: string,
  environment: NodeJS.ProcessEnv = {},
): NodeConfig {
  // `id` would be one variable for two settings: neither can be overridden.
  const overrides = { ...environment, [variableOf('id')]: undefined };
  const cluster = readValues('cluster', clusterSchema, sections.cluster, overrides);
  const node = readValues('node', nodeSchema, sections.node, overrides);
  checkTls(cluster, node);
  const from = (relative: string) => resolve(folder, relative);
  const fromIf = (relative: string | null) => (relative === null ? null : from(relative));
  return Object.freeze({
    cluster: Object.freeze({
      ...cluster,
      secretFile: from(cluster.secretFile),
      adminTokenFile: from(cluster.adminTokenFile),
      tlsCaFile: fromIf(cluster.tlsCaFile),
    }),
    node: Object.freeze({
      ...node,
      id: nodeId(node.id),
      dataFolder: from(node.dataFolder),
      tlsCertificateFile: from(node.tlsCertificateFile),
      tlsKeyFile: from(node.tlsKeyFile),
      httpsCertificateFile: fromIf(node.httpsCertificateFile),
      httpsKeyFile: fromIf(node.httpsKeyFile),
    }),
  });
}

/** Names and digests of tokens would pass where others can read and change them. */
function isBare(endpoint: string): boolean {
  const [, host] = /^http:\/\/\[?(.*?)\]?:\d+$/.exec(endpoint) ?? [];
  return host !== undefined && !isLoopback(host);
}

type ClusterValues = Values<typeof clusterSchema>;
type NodeValues = Values<typeof nodeSchema>;

function checkTls(cluster: ClusterValues, node: NodeValues): void {
  const { tokens, tlsCaFile, etcdEndpoints } = cluster;
  const { host, httpHost, insecure, httpsCertificateFile, httpsKeyFile } = node;
  const tls = tlsCaFile !== null;
  const exposure = { hosts: [host, httpHost ?? host], tls, tokens, insecure };
  const how = { tls: 'cluster.tlsCaFile', tokens: 'cluster.tokens', insecure: 'node.insecure' };
  const problem = exposureProblem(exposure, how);
  if (problem !== undefined) throw new Error(problem);
  if ((httpsCertificateFile === null) !== (httpsKeyFile === null)) {
    throw new Error('node.httpsCertificateFile and node.httpsKeyFile come together');
  }
  if (!tls && (httpsKeyFile !== null || etcdEndpoints.some((url) => url.startsWith('https:')))) {
    throw new Error('https needs cluster.tlsCaFile');
  }
  const bare = etcdEndpoints.find(isBare);
  if (tls && !insecure && bare !== undefined) {
    throw new Error(`${bare} would be met without TLS: write https, or set node.insecure`);
  }
}

function parseSections(content: string): { cluster: unknown; node: unknown } {
  const parsed: unknown = JSON.parse(content);
  if (typeof parsed !== 'object' || parsed === null) throw new Error('must be an object');
  const { cluster = {}, node = {}, ...others } = parsed as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new Error(`${unknown} is not a section`);
  return { cluster, node };
}
