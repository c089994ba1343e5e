/** Puts each process of a cluster on a disk of its own, and cuts the power of some of them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { processFolder } from '#app/local/manifest.ts';
import { ended } from './cluster-state.ts';
import type { LocalCluster } from './local-cluster.ts';
import { OwnDisks } from './own-disks.ts';
import { until } from './until.ts';

/** Sparse: it takes only as much as is written to it. */
const diskMib = 16_384;
/** Written and not synced right before a cut: must not survive it, or nothing was cut. */
const canary = 'not-synced';
const canaryText = 'c'.repeat(10_000);

export class PowerCuts {
  readonly #cluster: LocalCluster;
  readonly #disks: OwnDisks;
  /** Files that nobody had synced, by what became of them. */
  readonly canaries = { lost: 0, survived: 0 };

  private constructor(cluster: LocalCluster, disks: OwnDisks) {
    this.#cluster = cluster;
    this.#disks = disks;
  }

  /** The cluster is started anew, with its data on the disks. */
  static async under(cluster: LocalCluster): Promise<PowerCuts> {
    return new PowerCuts(cluster, await OwnDisks.under(cluster, cluster.names, diskMib));
  }

  /** All of them lose power, at one moment. Their disks are mounted again; nothing is started. */
  async cut(names: readonly string[]): Promise<void> {
    const { signal, pid } = this.#cluster;
    const pids = names.map(pid);
    for (const name of names) signal(name, 'SIGSTOP');
    for (const one of pids) await allThreadsStopped(one);
    const disks = names.map((name) => this.#disks.of(name));
    for (const name of names) await writeFile(this.#canaryOf(name), canaryText);
    for (const disk of disks) await disk.snapshot();
    for (const name of names) signal(name, 'SIGKILL');
    for (const name of names) await ended(this.#cluster, name);
    for (const disk of disks) await disk.revert();
    for (const name of names) await this.#lookForCanary(name);
  }

  /** Ends the processes and takes the disks away; of what was on them only the logs stay. */
  release(): Promise<void> {
    return this.#disks.release();
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
