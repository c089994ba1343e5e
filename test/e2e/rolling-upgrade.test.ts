/**
 * A cluster is taken from one version to the next node by node, as docs/operations.md says, under
 * load. Both versions are this very code, in a folder of the test's own: the next one is that
 * folder with changes in it such as a later version may bring, which this one has never seen: more
 * fields in hellos, in registrations, in records of files and volumes, and on the disk.
 */
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { configPath } from '#app/local/manifest.ts';
import { freePorts } from '#app/local/ports.ts';
import { projectFolder } from '#app/local/project.ts';
import { Cluster, PathNotFoundError, Storage } from '#client/index.ts';
import { allLive, ended } from '../support/cluster-state.ts';
import { seededBytes } from '../support/every-endpoint.ts';
import { httpCall } from '../support/http-call.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';
import { healed } from '../support/protection.ts';
import { runProgram } from '../support/run-program.ts';
import { until } from '../support/until.ts';

type Change = readonly [file: string, from: string, to: string];

/** What a version may bring while old ones run. */
const nextVersion: readonly Change[] = [
  ['base/release.ts', "'0.1.0'", "'0.2.0'"],
  ['rpc/handshake.ts', 'incarnation, to, nonce };', 'incarnation, to, nonce, later: true };'],
  [
    'cluster/registration.ts',
    'JSON.stringify(registration)',
    'JSON.stringify({ ...registration, later: [1] })',
  ],
  [
    'namespace/record-codec.ts',
    'JSON.stringify({ ...record,',
    'JSON.stringify({ later: {}, ...record,',
  ],
  ['protocol/volumes.ts', 'JSON.stringify({ id,', "JSON.stringify({ later: 'x', id,"],
  ['storage/superblock.ts', '{ ...superblock, crc:', '{ later: 1, ...superblock, crc:'],
];

/** And one that no older node understands. */
const otherProtocol: readonly Change[] = [
  ['base/release.ts', "'0.2.0'", "'1.0.0'"],
  ['rpc/frame.ts', 'protocolVersion = 1', 'protocolVersion = 2'],
];

/** The product as somebody has unpacked it, to be replaced by a newer one. */
class Installation {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  static async in(folder: string): Promise<Installation> {
    await mkdir(folder);
    await cp(path.join(projectFolder, 'src'), path.join(folder, 'src'), { recursive: true });
    await cp(path.join(projectFolder, 'package.json'), path.join(folder, 'package.json'));
    for (const shared of ['node_modules', '.cache']) {
      await symlink(path.join(projectFolder, shared), path.join(folder, shared));
    }
    return new Installation(folder);
  }

  program(name: string): string {
    return path.join(this.folder, 'src/app', name);
  }

  async change(changes: readonly Change[]): Promise<void> {
    for (const [name, from, to] of changes) {
      const file = path.join(this.folder, 'src', name);
      const text = await readFile(file, 'utf8');
      assert.equal(text.split(from).length, 2, `${name} has one: ${from}`);
      await writeFile(file, text.replace(from, to));
    }
  }
}

/** Clients that put, read, copy, move and remove, and tell what didn't succeed. */
class Load {
  readonly failures: string[] = [];
  operations = 0;
  readonly kept: string[] = [];
  readonly #storage: Storage;
  readonly #stopping = new AbortController();
  readonly #clients: Promise<void>[];

  constructor(doors: readonly string[], clients: number) {
    this.#storage = new Storage(doors);
    this.#clients = Array.from({ length: clients }, (_, client) => this.#run(client));
  }

  async end(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#clients);
    this.#storage.close();
  }

  async #run(client: number): Promise<void> {
    for (let round = 0; !this.#stopping.signal.aborted; round++) {
      const file = `/load/${client}/${round}`;
      try {
        await this.#round(file, seededBytes(file, round % 4 === 0 ? 700_000 : 5000));
      } catch (error) {
        this.failures.push(`${file}: ${(error as Error).stack}`);
      }
    }
  }

  async #round(file: string, content: Buffer): Promise<void> {
    const storage = this.#storage;
    await storage.put(file, content);
    await storage.copy(file, `${file}-copy`);
    await storage.move(`${file}-copy`, `${file}-moved`);
    assert.ok((await storage.get(`${file}-moved`)).equals(content), `${file} differs`);
    await storage.rm(`${file}-moved`);
    assert.equal(await storage.exists(`${file}-moved`), false);
    this.kept.push(file);
    this.operations += 6;
  }
}

const releasesOf = async (door: string): Promise<string[]> => {
  const cluster = new Cluster([door]);
  try {
    const { nodes } = await cluster.status();
    return nodes.flatMap(({ live, release = 'none' }) => (live ? [release] : []));
  } finally {
    cluster.close();
  }
};

/** As safe as it can be with all nodes there: the next one may go. */
async function isSafe(cluster: LocalCluster): Promise<void> {
  await allLive(cluster);
  await healed(cluster);
}

async function assertRolls(cluster: LocalCluster, installed: Installation): Promise<void> {
  const doors = [...cluster.nodeUrls.values()];
  const load = new Load([cluster.url, ...doors], 3);
  await until('the load runs', async () => load.operations > 20 || undefined);
  await installed.change(nextVersion);
  for (const name of cluster.nodeUrls.keys()) {
    await isSafe(cluster);
    cluster.signal(name, 'SIGTERM');
    await ended(cluster, name);
    await cluster.startAgain();
    const before = load.operations;
    await until('it runs on', async () => load.operations > before + 20 || undefined);
  }
  await isSafe(cluster);
  await load.end();
  assert.deepEqual(load.failures, []);
  for (const door of doors) {
    assert.deepEqual(await releasesOf(door), ['0.2.0', '0.2.0', '0.2.0']);
  }
  const storage = new Storage(doors);
  for (const file of load.kept) {
    const expected = seededBytes(file, (await storage.stat(file)).size);
    assert.ok((await storage.get(file)).equals(expected), file);
    await assert.rejects(storage.get(`${file}-moved`), PathNotFoundError);
  }
  storage.close();
}

/** One of another protocol says why it stays outside, serves nobody, and is not counted on. */
async function assertKeptOut(cluster: LocalCluster, installed: Installation): Promise<void> {
  await installed.change(otherProtocol);
  const known = JSON.parse(await readFile(configPath(cluster.data, 'node-1'), 'utf8'));
  const [rpcPort, httpPort] = await freePorts('127.0.0.1', 2);
  const node = { ...known.node, id: 'node-4', rpcPort, httpPort, publicPort: null };
  const config = configPath(cluster.data, 'node-4');
  await mkdir(path.dirname(config), { mode: 0o700 });
  await writeFile(config, JSON.stringify({ ...known, node }));
  const stranger = runProgram(process.execPath, [installed.program('node.ts'), '--config', config]);
  try {
    const reason = /kept out of the cluster.*release 0\.2\.0.*version 1 of .* this node version 2/;
    const log = stranger.said;
    await until(
      'it says why',
      async () => reason.test(log.stderr) || undefined,
      undefined,
      () => {
        return log.stderr;
      },
    );
    const ready = await httpCall('GET', `http://127.0.0.1:${httpPort}/-/ready`);
    assert.equal(ready.status, 503);
    const [door = ''] = cluster.nodeUrls.values();
    assert.deepEqual(await releasesOf(door), ['0.2.0', '0.2.0', '0.2.0']);
  } finally {
    process.kill(stranger.pid, 'SIGKILL');
    await stranger.ended;
  }
}

test('a cluster is upgraded node by node, and no request fails', async (context) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'dftfs-upgrade-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const installed = await Installation.in(path.join(folder, 'dftfs'));
  const starter = [process.execPath, installed.program('local/start.ts')];
  await withLocalCluster(
    async (cluster) => {
      await assertRolls(cluster, installed);
      await assertKeptOut(cluster, installed);
    },
    { nodes: 3, etcd: 1, starter },
  );
});
