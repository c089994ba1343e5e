/** Puts processes of a local cluster on disks of their own: file systems in image files. */
import { copyFile, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { logPath, processFolder } from '#app/local/manifest.ts';
import type { LocalCluster } from './local-cluster.ts';
import { LoopDisk } from './loop-disk.ts';

export class OwnDisks {
  readonly #cluster: LocalCluster;
  readonly #mib: number;
  readonly #disks = new Map<string, LoopDisk>();

  private constructor(cluster: LocalCluster, mib: number) {
    this.#cluster = cluster;
    this.#mib = mib;
  }

  /** The cluster is started anew, with the data of `names` on disks of so many MiB. */
  static async under(
    cluster: LocalCluster,
    names: readonly string[],
    mib: number,
  ): Promise<OwnDisks> {
    const disks = new OwnDisks(cluster, mib);
    await cluster.end();
    try {
      for (const name of names) await disks.#move(name);
    } catch (error) {
      await disks.release();
      throw error;
    }
    await cluster.startAgain();
    return disks;
  }

  of(name: string): LoopDisk {
    const disk = this.#disks.get(name);
    if (disk === undefined) throw new Error(`${name} has no disk of its own`);
    return disk;
  }

  async #move(name: string): Promise<void> {
    const folder = processFolder(this.#cluster.data, name);
    const images = this.#images;
    const aside = path.join(images, `${name}.folder`);
    await mkdir(images, { recursive: true });
    await cp(folder, aside, { recursive: true });
    for (const entry of await readdir(folder)) {
      await rm(path.join(folder, entry), { recursive: true });
    }
    const image = path.join(images, `${name}.img`);
    this.#disks.set(name, await LoopDisk.make(image, folder, this.#mib));
    await cp(aside, folder, { recursive: true });
    await rm(aside, { recursive: true });
  }

  /** Ends the processes and takes the disks away; of what was on them only the logs stay. */
  async release(): Promise<void> {
    const { data } = this.#cluster;
    await this.#cluster.end();
    for (const [name, disk] of this.#disks) {
      const log = path.join(this.#images, `${name}.log`);
      await copyFile(logPath(data, name), log).catch(() => writeFile(log, ''));
      await disk.unmount();
      await copyFile(log, logPath(data, name));
    }
  }

  get #images(): string {
    return path.join(this.#cluster.data, '..', 'images');
  }
}
