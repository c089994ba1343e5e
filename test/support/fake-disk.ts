/**
 * A disk in memory that forgets as real ones do. What was written is seen by all at once, but until
 * it is synced a crash keeps, drops or tears it by sectors, as the seed has it; names that were
 * created and not synced with their folder may vanish, and removed ones come back. A failed sync
 * drops the data and goes on showing it.
 */
import path from 'node:path';
import type { Disk, DiskFile, DiskLock, DiskMode, DiskSpace } from '#io/disk.ts';

const sectorBytes = 512;

interface Write {
  readonly position: number;
  readonly bytes: Buffer;
}

interface Inode {
  durable: Buffer;
  seen: Buffer;
  unsynced: Write[];
}

const fail = (code: string) => Object.assign(new Error(`${code}: injected`), { code });

function overlay(base: Buffer, { position, bytes }: Write): Buffer {
  const result = Buffer.alloc(Math.max(base.length, position + bytes.length));
  base.copy(result);
  bytes.copy(result, position);
  return result;
}

/** The write in pieces that a disk writes whole or not at all. */
function sectors({ position, bytes }: Write): Write[] {
  const pieces: Write[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = sectorBytes - ((position + at) % sectorBytes);
    pieces.push({ position: position + at, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
  return pieces;
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
const never = () => new Promise<never>(() => {});

export class FakeDisk implements Disk {
  capacityBytes = 1 << 30;
  /** Flushes of file data so far, writes with O_DSYNC among them. */
  syncs = 0;
  /** Codes that the next writes or syncs fail with. */
  readonly writeFailures: string[] = [];
  readonly syncFailures: string[] = [];
  /** After this many more operations the disk answers no more, until the crash that is due. */
  operationsLeft = Number.POSITIVE_INFINITY;
  /** While it is pending, no operation gets on. */
  stall: Promise<void> | undefined;
  /** Called before each read of a file, to fail it. */
  onRead = (_name: string) => {};
  /** Called on each read that holds up the caller. */
  onReadNow = () => {};
  readonly #random: () => number;
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  readonly #locked = new Set<string>();
  #life = 0;

  constructor(random: () => number = () => 0.5) {
    this.#random = random;
  }

  /** Power is cut: what a process had under way never ends. */
  crash(): void {
    this.#life++;
    this.operationsLeft = Number.POSITIVE_INFINITY;
    this.#locked.clear();
    for (const name of this.#durableNames.keys()) {
      if (!this.#names.has(name) && this.#random() < 0.5) this.#durableNames.delete(name);
    }
    for (const [name, inode] of this.#names) {
      if (!this.#durableNames.has(name) && this.#random() < 0.5)
        this.#durableNames.set(name, inode);
    }
    this.#names = new Map(this.#durableNames);
    for (const inode of this.#names.values()) this.#tear(inode);
  }

  #tear(inode: Inode): void {
    const kept = this.#random();
    for (const piece of inode.unsynced.flatMap(sectors)) {
      if (this.#random() < kept) inode.durable = overlay(inode.durable, piece);
    }
    inode.unsynced = [];
    inode.seen = inode.durable;
  }

  /** Damages what is on the disk. */
  flip(name: string, position: number): void {
    const inode = this.inode(name);
    const bytes = Buffer.from(inode.durable);
    bytes[position] = (bytes[position] ?? 0) ^ 0x10;
    inode.durable = inode.seen = bytes;
  }

  contents(name: string): Buffer {
    return this.inode(name).seen;
  }

  inode(name: string): Inode {
    const inode = this.#names.get(name);
    if (inode === undefined) throw fail('ENOENT');
    return inode;
  }

  /** Lets others run; never returns to a process that crashed meanwhile. */
  async turn(life = this.#life): Promise<void> {
    if (this.operationsLeft-- <= 0) await never();
    await this.stall;
    for (let turns = Math.floor(this.#random() * 3); turns >= 0; turns--) await nextTurn();
    if (life !== this.#life) await never();
  }

  async open(name: string, mode: DiskMode): Promise<DiskFile> {
    await this.turn();
    let inode = this.#names.get(name);
    if (inode === undefined) {
      if (mode === 'read') throw fail('ENOENT');
      inode = { durable: Buffer.alloc(0), seen: Buffer.alloc(0), unsynced: [] };
      this.#names.set(name, inode);
    }
    return new FakeFile(this, name, inode, mode === 'write-sync', this.#life);
  }

  async makeFolder(): Promise<void> {}

  async list(folder: string): Promise<string[]> {
    await this.turn();
    const names = [...this.#names.keys()].filter((name) => path.dirname(name) === folder);
    return names.map((name) => path.basename(name)).sort();
  }

  async remove(name: string): Promise<void> {
    await this.turn();
    this.#names.delete(name);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.turn();
    const inode = this.inode(from);
    this.#names.delete(from);
    this.#names.set(to, inode);
  }

  async syncFolder(folder: string): Promise<void> {
    await this.turn();
    const inside = (name: string) => path.dirname(name) === folder;
    for (const name of [...this.#durableNames.keys()].filter(inside))
      this.#durableNames.delete(name);
    for (const [name, inode] of this.#names) if (inside(name)) this.#durableNames.set(name, inode);
  }

  get freeBytes(): number {
    let used = 0;
    for (const { seen } of this.#names.values()) used += seen.length;
    return Math.max(0, this.capacityBytes - used);
  }

  async space(): Promise<DiskSpace> {
    await this.turn();
    return { freeBytes: this.freeBytes, totalBytes: this.capacityBytes };
  }

  async readWhole(name: string): Promise<Buffer | undefined> {
    await this.turn();
    return this.#names.get(name)?.seen;
  }

  async writeWhole(name: string, content: Buffer): Promise<void> {
    await this.turn();
    const inode = { durable: content, seen: content, unsynced: [] };
    this.#names.set(name, inode);
    this.#durableNames.set(name, inode);
  }

  async lock(folder: string): Promise<DiskLock> {
    await this.turn();
    if (this.#locked.has(folder)) throw fail('ELOCKED');
    this.#locked.add(folder);
    const life = this.#life;
    return {
      release: async () => {
        if (life === this.#life) this.#locked.delete(folder);
      },
    };
  }
}

class FakeFile implements DiskFile {
  readonly #disk: FakeDisk;
  readonly #name: string;
  readonly #inode: Inode;
  readonly #synced: boolean;
  readonly #life: number;

  constructor(disk: FakeDisk, name: string, inode: Inode, synced: boolean, life: number) {
    this.#disk = disk;
    this.#name = name;
    this.#inode = inode;
    this.#synced = synced;
    this.#life = life;
  }

  async read(into: Buffer, position: number): Promise<number> {
    await this.#disk.turn(this.#life);
    return this.#copy(into, position);
  }

  readNow(into: Buffer, position: number): number {
    this.#disk.onReadNow();
    return this.#copy(into, position);
  }

  #copy(into: Buffer, position: number): number {
    this.#disk.onRead(this.#name);
    return this.#inode.seen.copy(into, 0, position, position + into.length);
  }

  async write(parts: readonly Buffer[], position: number): Promise<void> {
    await this.#disk.turn(this.#life);
    const bytes = Buffer.concat(parts);
    const code = this.#disk.writeFailures.shift();
    if (code !== undefined) throw fail(code);
    const growth = Math.max(0, position + bytes.length - this.#inode.seen.length);
    const room = this.#disk.freeBytes;
    const fits = bytes.subarray(0, bytes.length - Math.max(0, growth - room));
    this.#apply({ position, bytes: fits });
    if (growth > room) throw fail('ENOSPC');
    if (this.#synced) await this.sync();
  }

  #apply(write: Write): void {
    this.#inode.seen = overlay(this.#inode.seen, write);
    this.#inode.unsynced.push(write);
  }

  async sync(): Promise<void> {
    await this.#disk.turn(this.#life);
    this.#disk.syncs++;
    const written = this.#inode.unsynced;
    this.#inode.unsynced = [];
    const code = this.#disk.syncFailures.shift();
    if (code !== undefined) throw fail(code);
    for (const write of written) this.#inode.durable = overlay(this.#inode.durable, write);
    if (this.#inode.durable.length > this.#inode.seen.length) {
      this.#inode.durable = this.#inode.durable.subarray(0, this.#inode.seen.length);
    }
  }

  async size(): Promise<number> {
    await this.#disk.turn(this.#life);
    return this.#inode.seen.length;
  }

  async truncate(size: number): Promise<void> {
    await this.#disk.turn(this.#life);
    this.#inode.seen = this.#inode.seen.subarray(0, size);
    this.#inode.unsynced = this.#inode.unsynced
      .filter(({ position }) => position < size)
      .map(({ position, bytes }) => ({ position, bytes: bytes.subarray(0, size - position) }));
  }

  async close(): Promise<void> {
    await this.#disk.turn(this.#life);
  }
}
