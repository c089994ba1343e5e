/**
 * What a disk never gives back: bits that rot, a disk that is replaced by an empty one or by an old
 * copy of itself. All of it befalls one node of a run, and only while the others can make it good.
 */
import { readableSlots } from '#protocol/volumes.ts';
import { segmentFileName } from '#storage/segment-files.ts';
import type { ShardPlace } from '#storage/shard-index.ts';
import type { SimCluster } from './cluster.ts';
import type { FaultKind } from './plan.ts';
import type { SimNode } from './sim-node.ts';
import { Truth } from './truth.ts';
import type { Dice } from './world/dice.ts';
import type { DiskCopy } from './world/disk.ts';
import type { Inode } from './world/inode.ts';

export const diskLosses: readonly FaultKind[] = ['bit-rot', 'wipe', 'old-disk'];

const flipsMax = 6;

export class DiskLosses {
  readonly #cluster: SimCluster;
  readonly #dice: Dice;
  readonly #victim: SimNode;
  #hadDisaster = false;
  #copy: { readonly disk: DiskCopy; readonly life: number } | undefined;

  constructor(cluster: SimCluster, dice: Dice) {
    this.#cluster = cluster;
    this.#dice = dice;
    this.#victim = dice.oneOf(cluster.nodes);
  }

  /** True: it was done, at once. */
  async strike(kind: FaultKind): Promise<boolean> {
    const { disk, lives, inside } = this.#victim;
    if (kind === 'old-disk' && this.#copy === undefined) {
      this.#copy = { disk: disk.copy(), life: lives };
      return false;
    }
    // A copy is known to be old by a start of the node, or a minute, since it was made.
    const isOld = this.#copy !== undefined && this.#copy.life < lives;
    if (kind === 'old-disk' && !(isOld && inside?.session.standing !== undefined)) return false;
    if (!(await this.#canBeSpared())) return false;
    if (kind === 'bit-rot') return await this.#rot();
    this.#victim.hasLostDisk = true;
    this.#victim.cutPower();
    if (kind === 'wipe') this.#victim.wipe();
    else if (this.#copy !== undefined) this.#victim.restore(this.#copy.disk);
    this.#victim.start();
    return true;
  }

  /** The disks of so many nodes at once that files are lost. Only once. */
  disaster(): boolean {
    if (this.#hadDisaster) return false;
    this.#hadDisaster = true;
    const nodes = this.#cluster.nodes.map((node) => ({ node, order: this.#dice.fraction() }));
    const count = this.#dice.whole(3, nodes.length);
    for (const { node } of nodes.toSorted((a, b) => a.order - b.order).slice(0, count)) {
      node.hasLostDisk = true;
      node.cutPower();
      node.wipe();
      node.start();
    }
    return true;
  }

  /** Power it off for good, if the others can do without it. */
  async loseNode(): Promise<boolean> {
    if (this.#cluster.nodes.length < 5 || !(await this.#canBeSpared())) return false;
    this.#victim.cutPower();
    this.#victim.isLost = true;
    return true;
  }

  /** The others are up, and hold enough of everything even without one more. */
  async #canBeSpared(): Promise<boolean> {
    const isUp = (id: string) =>
      id !== this.#victim.id &&
      this.#cluster.nodes.some((node) => node.id === id && node.isServing);
    const volumes = await new Truth(this.#cluster).volumes();
    return [...volumes.values()].every(
      (volume) => readableSlots(volume, isUp).length > volume.code.k,
    );
  }

  async #rot(): Promise<boolean> {
    const places = await this.#victim.livePlaces();
    const files = [...this.#victim.disk.names].filter(
      ([name, { size }]) => name.includes('/store/') && size > 0 && !name.endsWith('.json'),
    );
    if (files.length === 0) return false;
    // Damage to what was written last looks like a write that was torn, and is cut off.
    this.#victim.hasLostDisk = true;
    for (let flips = this.#dice.whole(1, flipsMax); flips > 0; flips--) {
      const [, inode] = this.#dice.oneOf(files);
      if (places.length > 0 && this.#dice.chance(0.7)) this.#rotShard(this.#dice.oneOf(places));
      else if (!inode.isDirty) this.#flip(inode, this.#dice.whole(0, inode.size - 1));
    }
    return true;
  }

  /** Some byte of a shard that is alive. */
  #rotShard({ segment, offset, length }: ShardPlace): void {
    const name = `/${this.#victim.id}/store/${segmentFileName(segment)}`;
    const inode = this.#victim.disk.names.get(name);
    if (inode === undefined || inode.isDirty) return;
    this.#flip(inode, Math.min(offset + this.#dice.whole(0, length), inode.size - 1));
  }

  #flip(inode: Inode, position: number): void {
    inode.flip(position, this.#dice.whole(0, 7));
  }
}
