/**
 * A whole DFTFS in this process: one node, its names in LMDB, one copy of every file. For laptops
 * and for tests of applications. It answers as a cluster does and keeps what it acknowledged, but
 * nothing takes over from it, and what its disk loses is lost.
 */
import path from 'node:path';
import { DftfsError } from '#base/errors.ts';
import { createNodeWorld } from '#io/node/world.ts';
import type { World } from '#io/world.ts';
import { LmdbKv } from '#kv/lmdb/lmdb-kv.ts';
import { LmdbMaintenance } from '#kv/lmdb/lmdb-maintenance.ts';
import { createLogger } from '#observe/log.ts';
import { freePorts } from '../local/ports.ts';
import { type NodeInside, NodeProcess, type NodeSurroundings } from '../node-process.ts';
import { processSurroundings } from '../process-surroundings.ts';
import { devConfig, devHost } from './dev-config.ts';

export interface DevServerOptions {
  readonly folder: string;
  /** Undefined: a free one. */
  readonly port?: number | undefined;
  /** Lines of the log, warnings and worse. */
  readonly log?: (line: string) => void;
}

export interface DevServer {
  readonly url: string;
  close(): Promise<void>;
}

const portTriesMax = 20;
const readyWithinMs = 30_000;
const lookEveryMs = 2;

/**
 * Resolves when it takes requests. Rejects with `EADDRINUSE` if the port is taken, with `ELOCKED`
 * if another process has the folder.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const world = createNodeWorld();
  await world.disk.makeFolder(options.folder);
  for (let tries = 1; ; tries++) {
    const [rpc, free] = (await freePorts(devHost, 2)) as [number, number];
    try {
      return await startAt(world, options, { rpc, http: options.port ?? free });
    } catch (error) {
      // Somebody was quicker with a port that was free a moment ago.
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!isTaken || options.port !== undefined || tries === portTriesMax) throw error;
    }
  }
}

async function startAt(
  world: World,
  { folder, log: write = () => {} }: DevServerOptions,
  ports: { readonly rpc: number; readonly http: number },
): Promise<DevServer> {
  const log = createLogger(write, () => world.clock.wall(), 'warn');
  const kv = await LmdbKv.open(world, { folder: path.join(folder, 'names') });
  const config = await devConfig(world, folder, ports);
  const { promise: opened, resolve: open } = Promise.withResolvers<NodeInside>();
  // Nobody else is to know it: this node speaks to itself alone.
  const secret = world.random.bytes(32);
  const usual = processSurroundings(world, config, { clusterSecret: secret }, log);
  const around: NodeSurroundings = {
    ...usual,
    connectKv: () => kv,
    connectMaintenance: () => new LmdbMaintenance(kv),
    copiesMin: 1,
    openDoors(inside) {
      open(inside);
      return usual.openDoors(inside);
    },
  };
  const node = new NodeProcess(world, config, secret, log, around);
  const stopping = new AbortController();
  const close = async () => {
    stopping.abort();
    await node.close();
    await kv.close();
  };
  try {
    await node.start(stopping.signal);
    await untilJoined(world, await opened);
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `http://${devHost}:${ports.http}`, close };
}

async function untilJoined({ clock, timers }: World, { session, cluster }: NodeInside) {
  const deadline = clock.now() + readyWithinMs;
  while (session.revision === undefined || !cluster.isLive(session.node)) {
    if (clock.now() > deadline) {
      throw new DftfsError('names_unavailable', 'The node did not become ready: see its log.');
    }
    await timers.sleep(lookEveryMs);
  }
}
