/**
 * How a node is started: by the launcher, and by a node that passes the front door on to another.
 */
import { extname, join } from 'node:path';
import {
  adminTokenPath,
  authorityPaths,
  type ClusterNode,
  configPath,
  etcdUrl,
  type Manifest,
  secretPath,
} from './manifest.ts';
import { inheritedFd, spawnProcess } from './spawn-process.ts';
import { writeWholeSync } from './write-whole.ts';

export interface NodeLaunch {
  /** The cluster's data folder, of which the node has a subfolder. */
  readonly data: string;
  readonly name: string;
  /**
   * This process's descriptor of the front door's socket; undefined: the node opens a socket of its
   * own.
   */
  readonly frontDoor: number | undefined;
}

/** What a node process runs, in TypeScript as here or translated; tests bring their own. */
export const nodeProgram = join(import.meta.dirname, `../node${extname(import.meta.filename)}`);

/**
 * Shards on their way count as garbage of the heap though they lie outside of it. With the small
 * heap that V8 begins with, every 64 MiB of them have all of it marked: half of the time of a large
 * transfer.
 */
const heapFlag = '--initial-heap-size=256';

/** A signal must not open the door of a debugger. */
export const runtimeFlags = [heapFlag, '--disable-sigusr1'];

/** Returns the PID. The node's config must be written. */
export function launchNode(launch: NodeLaunch, program: string = nodeProgram): number {
  const { data, name, frontDoor } = launch;
  const { DFTFS_PUBLIC_FD: _own, ...environment } = process.env;
  return spawnProcess(data, {
    name,
    file: process.execPath,
    args: [...runtimeFlags, program, '--config', configPath(data, name)],
    ...(frontDoor === undefined
      ? { environment }
      : {
          environment: { ...environment, DFTFS_PUBLIC_FD: String(inheritedFd) },
          inherit: frontDoor,
        }),
  });
}

/** Paths are relative to the config, so that a data folder can be moved while nothing runs. */
export function writeNodeConfig(data: string, manifest: Manifest, node: ClusterNode): void {
  const config = {
    cluster: {
      id: manifest.clusterId,
      etcdEndpoints: manifest.etcd.map((member) => etcdUrl(manifest, member)),
      etcdQuotaBytes: manifest.etcdQuotaBytes,
      era: manifest.era,
      secretFile: join('..', secretPath('')),
      ...(manifest.tls ? { tlsCaFile: join('..', authorityPaths('').certificate) } : {}),
      tokens: manifest.tokens,
      adminTokenFile: join('..', adminTokenPath('')),
    },
    node: {
      id: node.name,
      host: manifest.host,
      httpHost: manifest.publicHost,
      insecure: manifest.insecure,
      rpcPort: node.rpcPort,
      httpPort: node.httpPort,
      publicPort: manifest.publicPort,
    },
  };
  writeWholeSync(configPath(data, node.name), `${JSON.stringify(config, undefined, 2)}\n`, 0o600);
}
