/**
 * A disk whose power can be cut: an ext4 file system in an image file, mounted through a loop
 * device. What the kernel hasn't written to the image when it is copied was never on the disk.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, rmdir, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** The kernel clears up after a process that was killed; a busy disk takes its time for that. */
const attempts = 1200;
const pauseMs = 50;

/** Undefined: this machine can do it. Else why not. */
export async function whyNoLoopDisks(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'mounting a disk image needs root';
  if (!existsSync('/dev/loop-control')) return 'this machine has no loop devices';
  const folder = await mkdtemp(path.join(os.tmpdir(), 'dftfs-loop-'));
  try {
    const disk = await LoopDisk.make(path.join(folder, 'image'), path.join(folder, 'mounted'), 16);
    await disk.unmount();
    return undefined;
  } catch (error) {
    return `a disk image can't be mounted here: ${(error as Error).message}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export class LoopDisk {
  readonly #image: string;
  readonly #mountPoint: string;
  #device: string | undefined;

  private constructor(image: string, mountPoint: string) {
    this.#image = image;
    this.#mountPoint = mountPoint;
  }

  /** An empty disk of so many MiB, mounted. The image takes what is written to it, no more. */
  static async make(image: string, mountPoint: string, mib: number): Promise<LoopDisk> {
    await writeFile(image, '');
    await truncate(image, mib * 1024 * 1024);
    await run('mkfs.ext4', ['-q', '-F', '-m', '0', image]);
    await mkdir(mountPoint, { recursive: true });
    const disk = new LoopDisk(image, mountPoint);
    await disk.mount();
    await rmdir(path.join(mountPoint, 'lost+found'));
    return disk;
  }

  async mount(): Promise<void> {
    const { stdout } = await run('losetup', ['--find', '--show', this.#image]);
    this.#device = stdout.trim();
    await run('mount', ['-t', 'ext4', this.#device, this.#mountPoint]);
  }

  /** Such as `/dev/loop0`. */
  get device(): string {
    if (this.#device === undefined) throw new Error(`${this.#image} is not mounted`);
    return this.#device;
  }

  async unmount(): Promise<void> {
    if (this.#device === undefined) return;
    await again(() => run('umount', [this.#mountPoint])).catch(async (cause) => {
      const holders = (await whoHolds(this.#mountPoint)).join('\n');
      throw new Error(`${this.#mountPoint} stays busy; open:\n${holders}`, { cause });
    });
    await again(() => run('losetup', ['--detach', this.#device as string]));
    this.#device = undefined;
  }

  /**
   * What is on the disk at one moment. Nobody may write to it meanwhile; what the kernel writes of
   * its own accord makes it begin anew.
   */
  async snapshot(): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const before = await this.#writes();
      await run('cp', ['--sparse=always', this.#image, this.#nextImage]);
      if ((await this.#writes()) === before) return;
    }
    throw new Error(`${this.#image} changes whenever it is copied`);
  }

  /** The disk as the snapshot has it, as if power had gone then. */
  async revert(): Promise<void> {
    await this.unmount();
    await rename(this.#nextImage, this.#image);
    await this.mount();
  }

  get #nextImage(): string {
    return `${this.#image}.next`;
  }

  /** Requests to write that the device has completed, or is at. */
  async #writes(): Promise<string> {
    const name = path.basename(this.#device ?? '');
    const fields = (await readFile(`/sys/block/${name}/stat`, 'utf8')).trim().split(/\s+/);
    return `${fields[4]} ${fields[8]}`;
  }
}

/** What is open in the folder, and by whom. */
async function whoHolds(folder: string): Promise<string[]> {
  const find = `for p in /proc/[0-9]*; do for f in $p/fd/* $p/cwd $p/root; do
    l=$(readlink "$f" 2>/dev/null); case "$l" in "$0"/*|"$0")
    echo "$f $l $(grep State $p/status) $(tr '\\0' ' ' <$p/cmdline)";; esac; done; done`;
  const { stdout } = await run('bash', ['-c', find, folder], { maxBuffer: 2 ** 24 });
  return stdout.split('\n').filter(Boolean);
}

async function again(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work();
      return;
    } catch (error) {
      if (attempt === attempts) throw error;
      await sleep(pauseMs);
    }
  }
}
