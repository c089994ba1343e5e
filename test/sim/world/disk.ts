/**
 * A machine's disk. It outlives the processes that use it, and forgets what was not made durable
 * when its power is cut. A call takes its time, and is done or not when its caller dies meanwhile.
 */
import path from 'node:path';
import type { Disk, DiskFile, DiskLock, DiskMode, DiskSpace } from '#io/disk.ts';
import type { Dice } from './dice.ts';
import { Inode } from './inode.ts';
import { mishap } from './mishap.ts';
import type { SimProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';

export interface DiskWeather {
  readonly callMsMin: number;
  readonly callMsMax: number;
  readonly syncMsMax: number;
  /** Of calls that fail. */
  readonly readErrorRate: number;
  readonly writeErrorRate: number;
  readonly syncErrorRate: number;
}

export const soundDisk: DiskWeather = {
  callMsMin: 0.02,
  callMsMax: 0.4,
  syncMsMax: 6,
  readErrorRate: 0,
  writeErrorRate: 0,
  syncErrorRate: 0,
};

export const diskError = (code: string): Error =>
  Object.assign(new Error(`${code}: simulated`), { code });

export type DiskCopy = ReadonlyMap<string, Buffer>;

const MiB = 1024 * 1024;

export class SimDisk {
  weather: DiskWeather = soundDisk;
  capacityBytes = 4096 * MiB;
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #life = 0;
  readonly #locks = new Map<string, SimProcess>();

  constructor(scheduler: Scheduler, dice: Dice) {
    this.scheduler = scheduler;
    this.dice = dice;
  }

  of(process: SimProcess): Disk {
    return new ProcessDisk(this, process);
  }

  /** What was under way never happens, and what was not flushed is kept only by luck. */
  cutPower(): void {
    this.#life += 1;
    this.#locks.clear();
    for (const [name, inode] of this.names) {
      if (!this.#durableNames.has(name) && this.dice.chance(0.5)) {
        this.#durableNames.set(name, inode);
      }
    }
    for (const name of this.#durableNames.keys()) {
      if (!this.names.has(name) && this.dice.chance(0.5)) this.#durableNames.delete(name);
    }
    this.names = new Map(this.#durableNames);
    for (const inode of this.names.values()) inode.tear(this.dice);
  }

  /** Replaced by an empty one. */
  wipe(): void {
    this.#life += 1;
    this.#locks.clear();
    this.names.clear();
    this.#durableNames.clear();
  }

  copy(): DiskCopy {
    return new Map([...this.names].map(([name, inode]) => [name, Buffer.from(inode.seen)]));
  }

  restore(copy: DiskCopy): void {
    this.wipe();
    for (const [name, bytes] of copy) {
      const inode = this.create(name);
      inode.write(bytes, 0);
      inode.sync();
      this.#durableNames.set(name, inode);
    }
  }

  /** Does it on the disk, then tells the process. Who dies meanwhile may have had it done. */
  async call<T>(process: SimProcess, ms: number, effect: () => T): Promise<T> {
    const life = this.#life;
    const begun = this.dice.between(0, ms);
    return new Promise<T>((resolve, reject) => {
      this.scheduler.after(begun, undefined, () => {
        if (life !== this.#life || (process.isDead && this.dice.chance(0.5))) return;
        let settle: () => void;
        try {
          const value = effect();
          settle = () => resolve(value);
        } catch (error) {
          settle = () => reject(error);
        }
        this.scheduler.after(ms - begun, process, settle);
      });
    });
  }

  get freeBytes(): number {
    let used = 0;
    for (const { size } of this.names.values()) used += size;
    return Math.max(0, this.capacityBytes - used);
  }

  inode(name: string): Inode {
    const inode = this.names.get(name);
    if (inode === undefined) throw diskError('ENOENT');
    return inode;
  }

  create(name: string): Inode {
    const inode = new Inode();
    this.names.set(name, inode);
    return inode;
  }

  makeNamesDurable(folder: string): void {
    const isInside = (name: string) => path.dirname(name) === folder;
    for (const name of this.#durableNames.keys()) {
      if (isInside(name) && !this.names.has(name)) this.#durableNames.delete(name);
    }
    for (const [name, inode] of this.names) {
      if (isInside(name)) this.#durableNames.set(name, inode);
    }
  }

  lock(folder: string, process: SimProcess): DiskLock {
    const holder = this.#locks.get(folder);
    if (holder !== undefined && !holder.isDead) throw diskError('ELOCKED');
    this.#locks.set(folder, process);
    return {
      release: async () => {
        if (this.#locks.get(folder) === process) this.#locks.delete(folder);
      },
    };
  }
}

class ProcessDisk implements Disk {
  readonly #disk: SimDisk;
  readonly #process: SimProcess;

  constructor(disk: SimDisk, process: SimProcess) {
    this.#disk = disk;
    this.#process = process;
  }

  open(name: string, mode: DiskMode): Promise<DiskFile> {
    return this.#call(() => {
      const there = this.#disk.names.get(name);
      if (there === undefined && mode === 'read') throw diskError('ENOENT');
      const inode = there ?? this.#disk.create(name);
      return new SimFile(this.#disk, this.#process, inode, mode === 'write-sync');
    });
  }

  async makeFolder(): Promise<void> {}

  list(folder: string): Promise<string[]> {
    return this.#call(() =>
      [...this.#disk.names.keys()]
        .filter((name) => path.dirname(name) === folder)
        .map((name) => path.basename(name))
        .sort(),
    );
  }

  remove(name: string): Promise<void> {
    return this.#call(() => {
      this.#disk.inode(name);
      this.#disk.names.delete(name);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call(() => {
      const inode = this.#disk.inode(from);
      this.#disk.names.delete(from);
      this.#disk.names.set(to, inode);
    });
  }

  syncFolder(folder: string): Promise<void> {
    return this.#call(() => this.#disk.makeNamesDurable(folder), this.#disk.weather.syncMsMax);
  }

  space(): Promise<DiskSpace> {
    return this.#call(() => ({
      freeBytes: this.#disk.freeBytes,
      totalBytes: this.#disk.capacityBytes,
    }));
  }

  readWhole(name: string): Promise<Buffer | undefined> {
    return this.#call(() => {
      const inode = this.#disk.names.get(name);
      return inode && Buffer.from(inode.seen);
    });
  }

  writeWhole(name: string, content: Buffer): Promise<void> {
    return this.#call(() => {
      const inode = this.#disk.create(name);
      inode.write(content, 0);
      inode.sync();
      this.#disk.makeNamesDurable(path.dirname(name));
    }, this.#disk.weather.syncMsMax);
  }

  lock(folder: string): Promise<DiskLock> {
    return this.#call(() => this.#disk.lock(folder, this.#process));
  }

  #call<T>(effect: () => T, msMax = this.#disk.weather.callMsMax): Promise<T> {
    const { dice, weather } = this.#disk;
    return this.#disk.call(this.#process, dice.skewed(weather.callMsMin, msMax), effect);
  }
}

class SimFile implements DiskFile {
  readonly #disk: SimDisk;
  readonly #process: SimProcess;
  readonly #inode: Inode;
  readonly #isSynced: boolean;

  constructor(disk: SimDisk, process: SimProcess, inode: Inode, isSynced: boolean) {
    this.#disk = disk;
    this.#process = process;
    this.#inode = inode;
    this.#isSynced = isSynced;
  }

  read(into: Buffer, position: number): Promise<number> {
    return this.#call(this.#disk.weather.callMsMax, () => this.readNow(into, position));
  }

  readNow(into: Buffer, position: number): number {
    if (mishap(this.#disk, 'failed reads', this.#disk.weather.readErrorRate))
      throw diskError('EIO');
    return this.#inode.read(into, position);
  }

  /** What the parts hold when the call is made is what is written. */
  write(parts: readonly Buffer[], position: number): Promise<void> {
    const { weather } = this.#disk;
    const msMax = this.#isSynced ? weather.syncMsMax : weather.callMsMax;
    return this.#call(msMax, () => {
      this.#put(Buffer.concat(parts), position);
      if (this.#isSynced) this.#flush();
    });
  }

  sync(): Promise<void> {
    return this.#call(this.#disk.weather.syncMsMax, () => this.#flush());
  }

  size(): Promise<number> {
    return this.#call(this.#disk.weather.callMsMax, () => this.#inode.size);
  }

  truncate(size: number): Promise<void> {
    return this.#call(this.#disk.weather.callMsMax, () => this.#inode.truncate(size));
  }

  close(): Promise<void> {
    return this.#call(this.#disk.weather.callMsMax, () => {});
  }

  #put(bytes: Buffer, position: number): void {
    const { dice, weather, freeBytes } = this.#disk;
    if (mishap(this.#disk, 'failed writes', weather.writeErrorRate)) {
      this.#inode.write(bytes.subarray(0, dice.whole(0, bytes.length)), position);
      throw diskError('EIO');
    }
    const growth = Math.max(0, position + bytes.length - this.#inode.size);
    const fits = bytes.length - Math.max(0, growth - freeBytes);
    this.#inode.write(bytes.subarray(0, fits), position);
    if (growth > freeBytes) {
      this.#disk.scheduler.trace.fault('writes without space');
      throw diskError('ENOSPC');
    }
  }

  #flush(): void {
    if (mishap(this.#disk, 'failed flushes', this.#disk.weather.syncErrorRate)) {
      this.#inode.dropUnsynced();
      throw diskError('EIO');
    }
    this.#inode.sync();
  }

  #call<T>(msMax: number, effect: () => T): Promise<T> {
    const { dice, weather } = this.#disk;
    return this.#disk.call(this.#process, dice.skewed(weather.callMsMin, msMax), effect);
  }
}
