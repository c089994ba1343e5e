/**
 * A real etcd cluster on free loopback ports in a temporary folder, for tests that stop, kill and
 * pause its members. Whoever starts one stops it; members also die with the test's process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { etcdEnvironment, findEtcd } from '#app/local/etcd-binary.ts';
import { createNodeTimers } from '#io/node/timers.ts';
import { EtcdMaintenance } from '#kv/etcd/maintenance.ts';

export interface EtcdClusterOptions {
  /** More flags for every member, such as `--quota-backend-bytes=…`. */
  readonly flags?: readonly string[];
}

interface MemberProcess {
  readonly name: string;
  readonly args: readonly string[];
  readonly endpoint: string;
  child: ChildProcess;
}

const startTimeoutMs = 20_000;
const pollMs = 50;

export class EtcdCluster {
  readonly endpoints: readonly string[];
  readonly maintenance: EtcdMaintenance;
  readonly #binary: string;
  readonly #folder: string;
  readonly #members: MemberProcess[];
  readonly #killAll = () => {
    for (const { child } of this.#members) child.kill('SIGKILL');
  };

  /** Starts `count` members and waits until each of them knows a leader. */
  static async start(count: number, options: EtcdClusterOptions = {}): Promise<EtcdCluster> {
    const binary = await findEtcd();
    const ports = await freePorts(count * 2);
    const cluster = new EtcdCluster(binary, ports, options.flags ?? []);
    try {
      await cluster.ready();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  private constructor(binary: string, ports: readonly number[], flags: readonly string[]) {
    this.#binary = binary;
    this.#folder = mkdtempSync(join(tmpdir(), 'dftfs-etcd-'));
    const urls = ports.map((port) => `http://127.0.0.1:${port}`);
    const count = ports.length / 2;
    this.endpoints = urls.slice(0, count);
    const peers = urls.slice(count).map((url, i) => `m${i}=${url}`);
    this.#members = this.endpoints.map((endpoint, i) => {
      const name = `m${i}`;
      const peer = urls[count + i] as string;
      const args = memberFlags({ name, folder: this.#folder, endpoint, peer, peers, flags });
      return { name, args, endpoint, child: this.#spawn(name, args) };
    });
    process.once('exit', this.#killAll);
    this.maintenance = new EtcdMaintenance(
      { timers: createNodeTimers() },
      { endpoints: this.endpoints },
    );
  }

  get pids(): readonly number[] {
    return this.#members.map(({ child }) => child.pid as number);
  }

  /** kill -9, and waits until the process is gone. */
  async kill(index: number): Promise<void> {
    const { child } = this.#member(index);
    if (hasEnded(child)) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  pause(index: number): void {
    this.#member(index).child.kill('SIGSTOP');
  }

  resume(index: number): void {
    this.#member(index).child.kill('SIGCONT');
  }

  /** Starts a member again on its data, unless it runs. */
  restart(index: number): void {
    const member = this.#member(index);
    if (!hasEnded(member.child)) return;
    member.child = this.#spawn(member.name, member.args);
  }

  /**
   * Index of the leader by the word of the first member that answers; waits for an election to end.
   */
  async leader(): Promise<number> {
    return this.#until('a leader', async () => {
      const known = await Promise.all(this.endpoints.map((endpoint) => this.#status(endpoint)));
      const leaderId = known.find((status) => status !== undefined)?.leaderId;
      const index = known.findIndex((status) => status?.memberId === leaderId);
      return index < 0 ? undefined : index;
    });
  }

  /** Waits until every member answers, and all know the same leader. */
  async ready(): Promise<void> {
    await this.#until('all members', async () => {
      const known = await Promise.all(this.endpoints.map((endpoint) => this.#status(endpoint)));
      const leaders = new Set(known.map((status) => status?.leaderId ?? '0'));
      return (leaders.size === 1 && !leaders.has('0')) || undefined;
    });
  }

  async stop(): Promise<void> {
    process.off('exit', this.#killAll);
    await Promise.all(this.#members.map((_, index) => this.kill(index)));
    this.maintenance.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #member(index: number): MemberProcess {
    const member = this.#members[index];
    if (member === undefined) throw new RangeError(`no etcd member ${index}`);
    return member;
  }

  #status(endpoint: string) {
    return this.maintenance.status(endpoint, { timeoutMs: 300 }).catch(() => undefined);
  }

  #spawn(name: string, args: readonly string[]): ChildProcess {
    const log = openSync(join(this.#folder, `${name}.log`), 'a');
    const child = spawn(this.#binary, args, {
      stdio: ['ignore', log, log],
      env: etcdEnvironment(),
    });
    closeSync(log);
    return child;
  }

  async #until<T>(what: string, check: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + startTimeoutMs;
    while (performance.now() < deadline) {
      const value = await check();
      if (value !== undefined) return value;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    throw new Error(`etcd in ${this.#folder}: no sign of ${what} in ${startTimeoutMs} ms`);
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) =>
  exitCode !== null || signalCode !== null;

function memberFlags(member: {
  name: string;
  folder: string;
  endpoint: string;
  peer: string;
  peers: readonly string[];
  flags: readonly string[];
}): string[] {
  return [
    `--name=${member.name}`,
    `--data-dir=${join(member.folder, member.name)}`,
    `--listen-client-urls=${member.endpoint}`,
    `--advertise-client-urls=${member.endpoint}`,
    `--listen-peer-urls=${member.peer}`,
    `--initial-advertise-peer-urls=${member.peer}`,
    `--initial-cluster=${member.peers.join(',')}`,
    '--initial-cluster-state=new',
    '--max-txn-ops=8192',
    '--max-request-bytes=16777216',
    '--heartbeat-interval=50',
    '--election-timeout=500',
    '--pre-vote',
    ...member.flags,
  ];
}

/** All held at once, so that they differ; free again when this resolves. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
