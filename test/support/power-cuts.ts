/** Puts each process of a cluster on a disk of its own, and cuts the power of some of them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { logPath, processFolder } from '#app/local/manifest.ts';
import { ended } from './cluster-state.ts';
import type { LocalCluster } from './local-cluster.ts';
import { LoopDisk } from './loop-disk.ts';
import { until } from './until.ts';

/** Sparse: it takes only as much as is written to it. */
const diskMib = 16_384;
/** Written and not synced right before a cut: must not survive it, or nothing was cut. */
const canary = 'not-synced';
const canaryText = 'c'.repeat(10_000);

export class PowerCuts {
  readonly #cluster: LocalCluster;
  readonly #disks = new Map<string, LoopDisk>();
  /** Files that nobody had synced, by what became of them. */
  readonly canaries = { lost: 0, survived: 0 };

  private constructor(cluster: LocalCluster) {
    this.#cluster = cluster;
  }

  /** The cluster is started anew, with its data on the disks. */
  static async under(cluster: LocalCluster): Promise<PowerCuts> {
    const cuts = new PowerCuts(cluster);
    await cluster.end();
    try {
      for (const name of cluster.names) await cuts.#moveToDisk(name);
    } catch (error) {
      await cuts.release();
      throw error;
    }
    await cluster.startAgain();
    return cuts;
  }

  async #moveToDisk(name: string): Promise<void> {
    const { data } = this.#cluster;
    const folder = processFolder(data, name);
    const images = path.join(data, '..', 'images');
    const aside = path.join(images, `${name}.folder`);
    await mkdir(images, { recursive: true });
    await cp(folder, aside, { recursive: true });
    for (const entry of await readdir(folder)) {
      await rm(path.join(folder, entry), { recursive: true });
    }
    this.#disks.set(name, await LoopDisk.make(path.join(images, `${name}.img`), folder, diskMib));
    await cp(aside, folder, { recursive: true });
    await rm(aside, { recursive: true });
  }

  /** All of them lose power, at one moment. Their disks are mounted again; nothing is started. */
  async cut(names: readonly string[]): Promise<void> {
    const { signal, pid } = this.#cluster;
    const pids = names.map(pid);
    for (const name of names) signal(name, 'SIGSTOP');
    for (const one of pids) await allThreadsStopped(one);
    const disks = names.map((name) => this.#disks.get(name) as LoopDisk);
    for (const name of names) await writeFile(this.#canaryOf(name), canaryText);
    for (const disk of disks) await disk.snapshot();
    for (const name of names) signal(name, 'SIGKILL');
    for (const name of names) await ended(this.#cluster, name);
    for (const disk of disks) await disk.revert();
    for (const name of names) await this.#lookForCanary(name);
  }

  /** Ends the processes and takes the disks away; of what was on them only the logs stay. */
  async release(): Promise<void> {
    const { data } = this.#cluster;
    await this.#cluster.end();
    for (const [name, disk] of this.#disks) {
      const log = path.join(data, '..', 'images', `${name}.log`);
      await copyFile(logPath(data, name), log).catch(() => writeFile(log, ''));
      await disk.unmount();
      await copyFile(log, logPath(data, name));
    }
  }

  #canaryOf(name: string): string {
    return path.join(processFolder(this.#cluster.data, name), canary);
  }

  async #lookForCanary(name: string): Promise<void> {
    const found = await readFile(this.#canaryOf(name), 'utf8').catch(() => '');
    this.canaries[found === canaryText ? 'survived' : 'lost'] += 1;
    await rm(this.#canaryOf(name), { force: true });
  }
}

/** A thread that was inside a system call stops when it leaves it. */
async function allThreadsStopped(pid: number): Promise<void> {
  const isStopped = () =>
    readdirSync(`/proc/${pid}/task`).every((thread) => {
      const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
      return /^State:\s+T/m.test(status);
    });
  await until(`process ${pid} stands still`, async () => isStopped() || undefined);
  assert.ok(isStopped());
}
