/**
 * Drops packets between processes that share one loopback device. They are told apart by their
 * cgroup, which the kernel notes in each socket when it is made, and by the ports on which they
 * listen: of a connection one end has a port that is known, the other a cgroup. The rules are those
 * of this process's network namespace, which must be one of its own.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Manifest, readManifest } from '#app/local/manifest.ts';
import type { LocalCluster } from '../../support/local-cluster.ts';
import { type FoundTool, findTool, isOnPath, tools, whyNoTool } from '../tools.ts';

const run = promisify(execFile);

/** Where the second version of cgroups is: beside the first, or alone. */
const cgroups = '/sys/fs/cgroup';
const unified = ['unified', '.'].find((folder) =>
  existsSync(path.join(cgroups, folder, 'cgroup.procs')),
);
export const ownNetwork = 'DFTFS_OWN_NETWORK';

export interface Cut {
  /** Packets so far. */
  dropped(): Promise<number>;
  join(): Promise<void>;
}

type Direction = readonly [from: readonly string[], to: readonly string[]];

export async function whyNoPartitions(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'partitions need root';
  if (unified === undefined) return 'this machine has no cgroups of the second version';
  for (const tool of ['unshare', 'ip', 'ss']) {
    if (!isOnPath(tool)) return `partitions need ${tool}`;
  }
  const missing = await whyNoTool(tools.nft);
  if (missing !== undefined) return missing;
  try {
    const { file, environment } = await findTool(tools.nft);
    const env = { ...process.env, ...environment };
    await run('unshare', ['--net', file, 'add', 'table', 'inet', 'dftfs'], { env });
    return undefined;
  } catch (error) {
    return `nft doesn't work here: ${(error as Error).message}`;
  }
}

export class Partitions {
  readonly #cluster: LocalCluster;
  readonly #manifest: Manifest;
  /** Those whose sockets are noted under their own names. */
  readonly #adopted = new Map<string, number>();
  readonly #nft: FoundTool;
  readonly #folder: string;
  #cuts = 0;

  private constructor(cluster: LocalCluster, manifest: Manifest, nft: FoundTool) {
    this.#cluster = cluster;
    this.#manifest = manifest;
    this.#nft = nft;
    this.#folder = path.join(unified as string, `dftfs-faults-${process.pid}`);
  }

  static async under(cluster: LocalCluster): Promise<Partitions> {
    if (process.env[ownNetwork] !== '1') throw new Error('this network is not our own');
    const manifest = await readManifest(cluster.data);
    if (manifest === undefined) throw new Error('the cluster has no manifest');
    const partitions = new Partitions(cluster, manifest, await findTool(tools.nft));
    await partitions.#adoptAll();
    return partitions;
  }

  async cut(directions: readonly Direction[]): Promise<Cut> {
    await this.#adoptAll();
    const table = `dftfs_${++this.#cuts}`;
    const rules = directions.flatMap(([from, to]) =>
      from.flatMap((near) => to.map((far) => [near, far] as const)),
    );
    const out = rules.map(([near, far]) => this.#rule(near, 'dport', far));
    const back = rules.map(([near, far]) => this.#rule(far, 'sport', near));
    await this.#feed(
      [`table inet ${table} {`, ...chain('output', out), ...chain('input', back), '}', ''].join(
        '\n',
      ),
    );
    return {
      dropped: async () => {
        const listed = await this.#run(['list', 'table', 'inet', table]);
        const counts = [...listed.matchAll(/counter packets (\d+)/g)];
        return counts.reduce((sum, [, packets]) => sum + Number(packets), 0);
      },
      join: async () => {
        await this.#run(['delete', 'table', 'inet', table]);
      },
    };
  }

  /** When no process is left. */
  async release(): Promise<void> {
    const folder = path.join(cgroups, this.#folder);
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.filter((one) => one.isDirectory())) {
      await rmdir(path.join(folder, entry.name)).catch(() => {});
    }
    await rmdir(folder).catch(() => {});
  }

  /** Packets of connections that `owner` has made, to or from the ports of `peer`. */
  #rule(owner: string, side: 'dport' | 'sport', peer: string): string {
    const ports = portsOf(this.#manifest, peer).join(', ');
    const group = path.normalize(path.join(this.#folder, owner));
    return `socket cgroupv2 level 2 "${group}" tcp ${side} { ${ports} } counter drop`;
  }

  /** A process is started by the launcher or by another node, and is in its cgroup at first. */
  async #adoptAll(): Promise<void> {
    const { names, pid } = this.#cluster;
    const strangers = names.filter((name) => this.#adopted.get(name) !== pid(name));
    for (const name of strangers) {
      const folder = path.join(cgroups, this.#folder, name);
      await mkdir(folder, { recursive: true });
      await writeFile(path.join(folder, 'cgroup.procs'), String(pid(name)));
      this.#adopted.set(name, pid(name));
    }
    if (strangers.length > 0) await this.#breakConnections();
  }

  /** Those made before were noted under another name. */
  async #breakConnections(): Promise<void> {
    const { etcd, nodes } = this.#manifest;
    const ports = [...etcd, ...nodes].flatMap(({ name }) => portsOf(this.#manifest, name));
    const filter = `( ${ports.map((port) => `dport = :${port}`).join(' or ')} )`;
    await run('ss', ['--kill', '--tcp', 'state', 'established', filter]);
  }

  async #run(args: readonly string[]): Promise<string> {
    const { file, environment } = this.#nft;
    const { stdout } = await run(file, args, { env: { ...process.env, ...environment } });
    return stdout;
  }

  async #feed(rules: string): Promise<void> {
    const { file, environment } = this.#nft;
    const env = { ...process.env, ...environment };
    const child = spawn(file, ['-f', '-'], { env, stdio: ['pipe', 'inherit', 'inherit'] });
    child.stdin.end(rules);
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`nft refused:\n${rules}`);
  }
}

const chain = (hook: 'input' | 'output', rules: readonly string[]): string[] => [
  `chain ${hook} {`,
  `type filter hook ${hook} priority 0`,
  ...rules,
  '}',
];

function portsOf({ etcd, nodes }: Manifest, name: string): number[] {
  const member = etcd.find((one) => one.name === name);
  if (member !== undefined) return [member.clientPort, member.peerPort];
  const node = nodes.find((one) => one.name === name);
  if (node === undefined) throw new Error(`there is no ${name}`);
  return [node.httpPort, node.rpcPort];
}
