/**
 * What each machine gets: a folder that becomes its `/var/lib/dftfs`. It is laid out as the data
 * folder of a local cluster is:
 *
 *   secret, tls/ca.crt                      what all machines have in common
 *   etcd/etcd.env, tls.crt, tls.key         the settings of its etcd member, and its certificate
 *   alpha-1/config.json, tls.crt, tls.key   a node's; its data comes beside them
 */
import { isIP } from 'node:net';
import { join } from 'node:path';
import { namesQuotaBytesMax } from '#base/limits.ts';
import { etcdHolder, loopbackNames, nodeHolder } from '../certificates/holders.ts';
import type { Holder } from '../certificates/provide.ts';
import { etcdFlags } from '../local/etcd-command.ts';
import { adminTokenPath, authorityPaths, certificatePaths, secretPath } from '../local/manifest.ts';
import {
  eraOf,
  etcdNameOf,
  type Machine,
  type MachinePlan,
  membersOf,
  nodeIdsOf,
  ports,
} from './machine-plan.ts';

export interface PlainFile {
  /** Below the machine's folder. */
  readonly path: string;
  readonly content: string;
}

const etcdFolder = 'etcd';

/** Whoever is known by a name alone listens everywhere: only an address can be listened on. */
const listeningAt = ({ address }: Machine): string => (isIP(address) === 4 ? address : '0.0.0.0');

export const clientUrl = (host: string): string => `https://${host}:${ports.etcd}`;
const peerUrl = (host: string): string => `https://${host}:${ports.etcdPeers}`;

/** Members that were left with the data of another era are none of etcd's. */
const clusterToken = (plan: MachinePlan): string =>
  eraOf(plan) > 0 ? `${plan.clusterId}-${eraOf(plan)}` : plan.clusterId;

/** A file of before, in which somebody may have changed settings, for the plan's era. */
export function inEraOf(plan: MachinePlan, { path, content }: PlainFile): string {
  if (path.endsWith('.env')) {
    const token = `ETCD_INITIAL_CLUSTER_TOKEN=${clusterToken(plan)}`;
    return content.replace(/^ETCD_INITIAL_CLUSTER_TOKEN=.*$/m, token);
  }
  const config = JSON.parse(content) as { readonly cluster: { readonly era?: number } };
  const era = eraOf(plan);
  if ((config.cluster.era ?? 0) === era) return content;
  return jsonText({ ...config, cluster: { ...config.cluster, era } });
}

const jsonText = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** Nothing in them is secret. */
export function machineFiles(plan: MachinePlan, machine: Machine): PlainFile[] {
  const nodes = nodeIdsOf(machine).map((id, index) => ({
    path: join(id, 'config.json'),
    content: jsonText(nodeConfig(plan, machine, id, index)),
  }));
  if (!machine.hasEtcd) return nodes;
  return [
    { path: join(etcdFolder, 'etcd.env'), content: etcdEnvironment(plan, machine) },
    ...nodes,
  ];
}

export function machineHolders(folder: string, machine: Machine): Holder[] {
  const addresses = [machine.address, ...loopbackNames];
  const etcdPaths = certificatePaths(folder, etcdFolder);
  return [
    ...(machine.hasEtcd ? [etcdHolder(etcdNameOf(machine), addresses, etcdPaths)] : []),
    ...nodeIdsOf(machine).map((id) => nodeHolder(id, addresses, certificatePaths(folder, id))),
  ];
}

function nodeConfig(plan: MachinePlan, machine: Machine, id: string, index: number) {
  const host = listeningAt(machine);
  return {
    cluster: {
      id: plan.clusterId,
      ...(eraOf(plan) > 0 ? { era: eraOf(plan) } : {}),
      etcdEndpoints: membersOf(plan).map(({ address }) => clientUrl(address)),
      etcdQuotaBytes: namesQuotaBytesMax,
      secretFile: join('..', secretPath('')),
      tlsCaFile: join('..', authorityPaths('').certificate),
      tokens: true,
      adminTokenFile: join('..', adminTokenPath('')),
    },
    node: {
      id,
      zone: machine.name,
      host,
      ...(host === machine.address ? {} : { advertisedHost: machine.address }),
      rpcPort: ports.rpc + index,
      httpPort: ports.http + index,
    },
  };
}

/** For a shell, systemd and docker alike: no value needs quotes. Paths are below the folder. */
function etcdEnvironment(plan: MachinePlan, machine: Machine): string {
  const { address } = machine;
  const host = listeningAt(machine);
  const flags = etcdFlags({
    name: etcdNameOf(machine),
    folder: join(etcdFolder, 'data'),
    clients: { listen: clientUrl(host), advertise: clientUrl(address) },
    peers: { listen: peerUrl(host), advertise: peerUrl(address) },
    members: membersOf(plan).map((one) => ({ name: etcdNameOf(one), url: peerUrl(one.address) })),
    state: 'new',
    clusterToken: clusterToken(plan),
    quotaBytes: namesQuotaBytesMax,
    tls: {
      ...certificatePaths('', etcdFolder),
      authority: authorityPaths('').certificate,
    },
  });
  const lines = Object.entries(flags).map(
    ([flag, value]) => `ETCD_${flag.toUpperCase().replaceAll('-', '_')}=${value}`,
  );
  return `${lines.join('\n')}\n`;
}
