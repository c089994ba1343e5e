/**
 * Who changed what, or was refused: one JSON line each, in files of their own that are begun anew
 * at a size and thrown away by age, so that all of them together stay within a bound. A line is
 * handed over before the change is acknowledged, and written within moments; it is not waited for,
 * so a crash may cost the last ones. What can't be written is counted, never a reason to refuse a
 * change.
 */
import path from 'node:path';
import type { Disk, DiskFile } from '#io/disk.ts';
import type { Clock } from '#io/world.ts';
import type { Logger } from './log.ts';

export interface AuditEntry {
  /** The request's id. */
  readonly request: string;
  /** With the token that was shown, if any: its id and name, which are no secrets. */
  readonly who: { readonly address: string; readonly token?: string; readonly name?: string };
  readonly operation: string;
  readonly path: string;
  /** Where the file is now, of a copy or move. */
  readonly to?: string;
  readonly etag?: string;
  /** How many files went. */
  readonly removed?: number;
  /** 'repeated': an earlier try had done it. 'unknown': it may have happened. */
  readonly outcome: 'done' | 'repeated' | 'unknown';
}

/** Somebody wanted what he may not do. */
export interface Refusal {
  readonly request: string;
  /** 'nobody' showed no valid token; of one that only looked like one, the id that it claimed. */
  readonly who: {
    readonly address: string;
    readonly token?: string;
    readonly name: string;
    readonly claimed?: string;
  };
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly reason: string;
  readonly outcome: 'refused';
  /** So many before it are not told: there were too many at once. */
  readonly leftOut?: number;
}

export interface AuditLogDeps {
  readonly disk: Disk;
  readonly clock: Pick<Clock, 'wall'>;
  readonly log: Logger;
}

export interface AuditLogOptions {
  readonly folder: string;
  /** What its files are called before their number: others may lie in the same folder. */
  readonly name: 'audit' | 'refused';
  /** All files together. */
  readonly bytesMax: number;
}

/** The bound is kept by leaving out one of so many. */
const filesMax = 8;
const queueMax = 16_384;
/** Written at once, and no more than a file's size. */
const linesMax = 256;
const fileName = /^([a-z]+)-(\d{8})\.jsonl$/;

export class AuditLog {
  readonly #deps: AuditLogDeps;
  readonly #folder: string;
  readonly #name: string;
  readonly #fileBytesMax: number;
  #queue: string[] = [];
  #writing: Promise<void> | undefined;
  #file: DiskFile | undefined;
  #number = 0;
  #size = 0;
  #lost = 0;
  #lostEver = 0;

  constructor(deps: AuditLogDeps, { folder, name, bytesMax }: AuditLogOptions) {
    this.#deps = deps;
    this.#folder = folder;
    this.#name = name;
    this.#fileBytesMax = Math.floor(bytesMax / filesMax);
  }

  /** Lines that could not be written, since the process began. */
  get linesLost(): number {
    return this.#lostEver;
  }

  record(entry: AuditEntry | Refusal): void {
    if (this.#queue.length >= queueMax) {
      this.#lose(1);
      return;
    }
    const time = new Date(this.#deps.clock.wall()).toISOString();
    this.#queue.push(`${JSON.stringify({ time, ...entry })}\n`);
    this.#writing ??= this.#write();
  }

  /** Resolves when all that was recorded is in its file. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #write(): Promise<void> {
    // What is recorded in the same breath goes together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const lines = this.#takeSome();
      try {
        await this.#append(Buffer.from(this.#lossLine() + lines.join('')));
        this.#lost = 0;
      } catch (error) {
        if (this.#lost === 0) this.#deps.log.error('audit log not written', { error });
        this.#lose(lines.length);
        await this.#file?.close().catch(() => {});
        this.#file = undefined;
      }
    }
    this.#writing = undefined;
  }

  #takeSome(): readonly string[] {
    let [bytes, count] = [0, 0];
    for (const line of this.#queue.slice(0, linesMax)) {
      bytes += Buffer.byteLength(line);
      if (count > 0 && bytes > this.#fileBytesMax) break;
      count += 1;
    }
    const lines = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return lines;
  }

  #lose(lines: number): void {
    this.#lost += lines;
    this.#lostEver += lines;
  }

  #lossLine(): string {
    if (this.#lost === 0) return '';
    const time = new Date(this.#deps.clock.wall()).toISOString();
    return `${JSON.stringify({ time, linesLost: this.#lost })}\n`;
  }

  async #append(bytes: Buffer): Promise<void> {
    this.#file ??= await this.#openLast();
    if (this.#size > 0 && this.#size + bytes.length > this.#fileBytesMax) {
      await this.#file.close();
      this.#number += 1;
      this.#file = await this.#open();
      await this.#forgetOldest();
    }
    await this.#file.write([bytes], this.#size);
    this.#size += bytes.length;
  }

  async #openLast(): Promise<DiskFile> {
    const { disk } = this.#deps;
    await disk.makeFolder(this.#folder);
    this.#number = (await this.#numbers()).at(-1) ?? 1;
    const file = await this.#open();
    await this.#forgetOldest();
    return file;
  }

  async #open(): Promise<DiskFile> {
    const file = await this.#deps.disk.open(this.#pathOf(this.#number), 'write');
    this.#size = await file.size();
    if (this.#size === 0) return file;
    const last = Buffer.alloc(1);
    await file.read(last, this.#size - 1);
    // A line that a crash has cut short ends here, or it would spoil the next.
    if (last.toString() !== '\n') {
      await file.write([Buffer.from('\n')], this.#size);
      this.#size += 1;
    }
    return file;
  }

  async #numbers(): Promise<number[]> {
    const names = await this.#deps.disk.list(this.#folder);
    return names
      .map((name) => fileName.exec(name))
      .flatMap((found) => (found?.[1] === this.#name ? [Number(found[2])] : []))
      .sort((a, b) => a - b);
  }

  #pathOf(number: number): string {
    return path.join(this.#folder, `${this.#name}-${String(number).padStart(8, '0')}.jsonl`);
  }

  async #forgetOldest(): Promise<void> {
    const old = (await this.#numbers()).filter((number) => number <= this.#number - filesMax);
    for (const number of old) await this.#deps.disk.remove(this.#pathOf(number));
  }
}
