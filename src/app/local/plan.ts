/** What a start has to do: which processes are missing, and whether what they need is there. */
import { exposureProblem } from '#config/exposure.ts';
import { LaunchError } from './launch-error.ts';
import { lostMembers } from './lost-members.ts';
import {
  type ClusterNode,
  type EtcdMember,
  type Manifest,
  newManifest,
  type PortFinder,
  readManifest,
  type Shape,
  withNodes,
} from './manifest.ts';
import { freePorts, isSoonFree } from './ports.ts';
import { findProcess } from './process-record.ts';

export interface StartPlan {
  readonly data: string;
  readonly manifest: Manifest;
  /** To be started; the others are alive. */
  readonly etcd: readonly EtcdMember[];
  /** Of them, those whose data is gone. */
  readonly lostEtcd: readonly EtcdMember[];
  readonly nodes: readonly ClusterNode[];
  /** All certificates are to be made anew. */
  readonly renew: boolean;
}

type PlanOptions = Shape & { readonly data: string; readonly renew?: boolean };

/** Changes nothing, so that what stands in the way is met before anything is begun. */
export async function planStart(options: PlanOptions): Promise<StartPlan> {
  const { data } = options;
  const known = await readManifest(data);
  if (known?.restoring) {
    throw new LaunchError('a restore of this cluster was interrupted: run ./restore.sh again');
  }
  const isDead = ({ name }: { name: string }) => findProcess(data, name) === undefined;
  const untouched = known === undefined || known.nodes.every(isDead);
  const manifest = await shapeOf(data, known, options, untouched);
  checkExposure(manifest);
  const etcd = manifest.etcd.filter(isDead);
  const lostEtcd = lostMembers(data, manifest, etcd);
  const nodes = manifest.nodes.filter(isDead);
  if (untouched) await needPublicPort(manifest);
  for (const { name, clientPort, peerPort } of etcd) {
    await needPorts(manifest.host, name, [clientPort, peerPort]);
  }
  for (const { name, httpPort, rpcPort } of nodes) {
    await needPorts(manifest.host, name, [rpcPort]);
    await needPorts(manifest.publicHost, name, [httpPort]);
  }
  return { data, manifest, etcd, lostEtcd, nodes, renew: options.renew ?? false };
}

async function shapeOf(
  data: string,
  known: Manifest | undefined,
  shape: Shape,
  untouched: boolean,
): Promise<Manifest> {
  const free: PortFinder = (count, taken) => freePorts(known?.host ?? '127.0.0.1', count, taken);
  if (known === undefined) return newManifest(data, shape, free);
  const { nodes = known.nodes.length, etcd = known.etcd.length, port = known.publicPort } = shape;
  if (etcd !== known.etcd.length) {
    throw new LaunchError(`this cluster has ${known.etcd.length} etcd members, and keeps them`);
  }
  if (nodes < known.nodes.length) {
    throw new LaunchError(`this cluster has ${known.nodes.length} nodes: it can grow, not shrink`);
  }
  if (port !== known.publicPort && !untouched) {
    throw new LaunchError(
      `this cluster runs on port ${known.publicPort}: stop it first to change that`,
    );
  }
  const { etcdQuotaBytes = known.etcdQuotaBytes } = shape;
  const isRunning = known.etcd.some(({ name }) => findProcess(data, name) !== undefined);
  if (etcdQuotaBytes !== known.etcdQuotaBytes && (isRunning || !untouched)) {
    throw new LaunchError('stop this cluster first to change the space for names');
  }
  if (shape.tls !== undefined && shape.tls !== known.tls) {
    throw new LaunchError(
      `this cluster runs ${known.tls ? 'with' : 'without'} TLS, and keeps to it`,
    );
  }
  const access = accessOf(known, shape, untouched);
  return withNodes({ ...known, ...access, publicPort: port, etcdQuotaBytes }, nodes, free);
}

/** Who may come in, and where. All nodes have to agree on it. */
function accessOf(known: Manifest, shape: Shape, untouched: boolean) {
  const { host: publicHost = known.publicHost } = shape;
  const { tokens = known.tokens, insecure = known.insecure } = shape;
  const isAsBefore = publicHost === known.publicHost && tokens === known.tokens;
  if (untouched || (isAsBefore && insecure === known.insecure)) {
    return { publicHost, tokens, insecure };
  }
  throw new LaunchError('stop this cluster first to change who may come in, and where');
}

function checkExposure({ host, publicHost, tls, tokens, insecure }: Manifest): void {
  const exposure = { hosts: [host, publicHost], tls, tokens, insecure };
  const how = { tls: '--tls', tokens: '--tokens', insecure: '--insecure' };
  const problem = exposureProblem(exposure, how);
  if (problem !== undefined) throw new LaunchError(problem);
}

async function needPublicPort({ publicHost, publicPort }: Manifest): Promise<void> {
  if (await isSoonFree(publicHost, publicPort)) return;
  throw new LaunchError(
    `port ${publicPort} is in use by another program: name another with --port`,
  );
}

async function needPorts(host: string, name: string, ports: readonly number[]) {
  for (const port of ports) {
    if (await isSoonFree(host, port)) continue;
    throw new LaunchError(`port ${port}, which is ${name}'s, is in use by another program: end it`);
  }
}
