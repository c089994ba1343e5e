/**
 * Appends records to the last segment. One batch is under way at a time: whatever arrives meanwhile
 * queues up and goes as the next, in one gathered write to a file opened with O_DSYNC, so that many
 * records share one hand-over to the thread pool and one flush of the disk. A record is told to the
 * index, then acknowledged, after that and never before.
 *
 * A full disk fails the batch and takes its bytes back. Any other error fences the store: after a
 * failed flush the kernel may have dropped the data and forgotten that it did.
 */
import { DftfsError } from '#base/errors.ts';
import type { DiskFile } from '#io/disk.ts';
import type { Clock } from '#io/world.ts';
import type { Body } from '#rpc/rpc.ts';
import { bodyLength } from '#rpc/rpc.ts';
import type { BodyCrcs } from './block-crcs.ts';
import type { Fence } from './fence.ts';
import type { FreeSpace, Purpose } from './free-space.ts';
import type { SegmentFiles } from './segment-files.ts';
import type { LogPosition, ShardPlace } from './shard-index.ts';
import type { RecordHeader, RecordKind } from './shard-record.ts';
import { encodeHeader, recordBytes } from './shard-record.ts';
import type { StoreMetrics } from './store-metrics.ts';

const MiB = 1024 * 1024;
const batchBytesMax = 8 * MiB;
const queueBytesMax = 64 * MiB;
const queueRecordsMax = 8192;

export interface NewRecord {
  readonly kind: RecordKind;
  readonly key: string;
  readonly body: Body;
  readonly crcs: BodyCrcs;
  readonly purpose: Purpose;
  /** A copy of the record there: not written if the shard isn't there any more. */
  readonly movedFrom?: ShardPlace;
}

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

interface Queued extends Waiter {
  readonly record: NewRecord;
  readonly length: number;
}

export interface SegmentLogDeps {
  readonly files: SegmentFiles;
  readonly space: FreeSpace;
  readonly fence: Fence;
  readonly clock: Clock;
  readonly metrics?: StoreMetrics | undefined;
  readonly salt: number;
  /** Whether the shard's record is the one at this place. */
  readonly standsAt: (key: string, place: ShardPlace) => boolean;
  /** The record is durable; what follows it begins at `end`. In the order of the log. */
  readonly appended: (header: RecordHeader, end: LogPosition) => void;
}

export interface SegmentLogOptions {
  readonly segmentBytesMax: number;
}

const bytesOf = (batch: readonly Queued[]): number =>
  batch.reduce((sum, { length }) => sum + recordBytes(length), 0);

const isNoSpace = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

export class SegmentLog {
  readonly #deps: SegmentLogDeps;
  readonly #segmentBytesMax: number;
  #queue: Queued[] = [];
  #queuedBytes = 0;
  #seals: Waiter[] = [];
  #running: Promise<void> | undefined;
  #file: DiskFile | undefined;
  #segment: number;
  #offset: number;

  /** Goes on at `tail`, whose segment is opened at the first append. */
  constructor(deps: SegmentLogDeps, options: SegmentLogOptions, tail: LogPosition) {
    this.#deps = deps;
    this.#segmentBytesMax = options.segmentBytesMax;
    this.#segment = tail.segment;
    this.#offset = tail.offset;
  }

  /** Where the next record goes. */
  get tail(): LogPosition {
    return { segment: this.#segment, offset: this.#offset };
  }

  /** Resolves when the record is on the disk. The body must not change until then. */
  append(record: NewRecord): Promise<void> {
    const length = bodyLength(record.body);
    const bytes = recordBytes(length);
    if (this.#queuedBytes + bytes > queueBytesMax || this.#queue.length >= queueRecordsMax) {
      throw new DftfsError('overloaded', 'Too many writes wait for the disk of this node.');
    }
    this.#queuedBytes += bytes;
    const done = new Promise<void>((resolve, reject) => {
      this.#queue.push({ record, length, resolve, reject });
    });
    this.#running ??= this.#run();
    return done;
  }

  /** Ends the last segment and begins a new one, which is in its folder when this resolves. */
  seal(): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      this.#seals.push({ resolve, reject });
    });
    this.#running ??= this.#run();
    return done;
  }

  /** Resolves when what was queued is done with, and the file closed. */
  async close(): Promise<void> {
    await this.#running;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #run(): Promise<void> {
    await Promise.resolve();
    while (this.#queue.length > 0 || this.#seals.length > 0) {
      if (this.#seals.length > 0) await this.#sealNow();
      else await this.#appendSome();
    }
    this.#running = undefined;
  }

  async #sealNow(): Promise<void> {
    const waiters = this.#seals;
    this.#seals = [];
    try {
      this.#deps.fence.check();
      if (this.#offset > 0) await this.#begin();
      for (const { resolve } of waiters) resolve();
    } catch (error) {
      const failure = await this.#failed(error);
      for (const { reject } of waiters) reject(failure);
    }
  }

  async #appendSome(): Promise<void> {
    const taken = this.#take();
    try {
      const batch = await this.#admit(taken);
      if (batch.length > 0) await this.#write(batch);
    } catch (error) {
      const failure = await this.#failed(error);
      for (const { reject } of taken) reject(failure);
    }
    this.#queuedBytes -= bytesOf(taken);
  }

  /** The longest run from the front of the queue that makes one batch. */
  #take(): Queued[] {
    let count = 0;
    for (let bytes = 0; count < this.#queue.length; count++) {
      bytes += recordBytes((this.#queue[count] as Queued).length);
      if (count > 0 && bytes > batchBytesMax) break;
    }
    const batch = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return batch;
  }

  /**
   * Without what there is no room for, and without copies that nobody needs any more. All earlier
   * batches are in the index by now, so the order of the log is the order of what happened, and a
   * copy never comes after the tombstone of its shard.
   */
  async #admit(batch: readonly Queued[]): Promise<readonly Queued[]> {
    const { fence, space } = this.#deps;
    fence.check();
    await space.refresh();
    const touched = new Set<string>();
    let bytes = 0;
    return batch.filter(({ record, length, resolve, reject }) => {
      const { key, purpose, movedFrom } = record;
      const isNeeded =
        movedFrom === undefined || (!touched.has(key) && this.#deps.standsAt(key, movedFrom));
      const isAdmitted = space.admits(bytes + recordBytes(length), purpose);
      if (!isNeeded) resolve();
      else if (!isAdmitted) reject(new DftfsError('store_full', "This node's disk is full."));
      else {
        touched.add(key);
        bytes += recordBytes(length);
        return true;
      }
      return false;
    });
  }

  async #write(batch: readonly Queued[]): Promise<void> {
    const bytes = bytesOf(batch);
    const file = await this.#tail(bytes);
    const headers: RecordHeader[] = [];
    const parts: Buffer[] = [];
    let offset = this.#offset;
    for (const { record, length } of batch) {
      const { kind, key, crcs } = record;
      const at = { segment: this.#segment, offset };
      const header = { kind, key, ...at, length, crc: crcs.whole, blocks: crcs.blocks };
      headers.push(header);
      parts.push(encodeHeader(header, this.#deps.salt), ...record.body);
      offset += recordBytes(length);
    }
    const { clock, metrics } = this.#deps;
    const began = clock.now();
    await file.write(parts, this.#offset);
    metrics?.flushed(batch.length, bytes, clock.now() - began);
    this.#offset = offset;
    this.#deps.files.setSize(this.#segment, offset);
    this.#deps.space.take(bytes);
    for (const [index, header] of headers.entries()) {
      const end = header.offset + recordBytes(header.length);
      this.#deps.appended(header, { segment: this.#segment, offset: end });
      batch[index]?.resolve();
    }
  }

  /** The file to append to: a new one where this many bytes would make the last too long. */
  async #tail(bytes: number): Promise<DiskFile> {
    const { files } = this.#deps;
    if (this.#offset > 0 && this.#offset + bytes > this.#segmentBytesMax) await this.#begin();
    const exists = files.size(this.#segment) !== undefined;
    this.#file ??= await (exists ? files.openTail(this.#segment) : files.create(this.#segment));
    return this.#file;
  }

  /** Only when the new segment is there does the old one count as complete. */
  async #begin(): Promise<void> {
    const file = await this.#deps.files.create(this.#segment + 1);
    const old = this.#file;
    this.#file = file;
    this.#segment++;
    this.#offset = 0;
    await old?.close();
  }

  /** What to tell those who wait for a batch that failed so. */
  async #failed(error: unknown): Promise<DftfsError> {
    const { fence, space, metrics } = this.#deps;
    metrics?.failed();
    if (fence.reason !== undefined) return fence.error(error);
    if (!isNoSpace(error)) {
      fence.trip('a write to the disk failed', error);
      return new DftfsError('store_fenced', 'A write to the disk of this node failed.', {
        cause: error,
        outcome: 'maybe',
      });
    }
    space.exhaust();
    try {
      await this.#file?.truncate(this.#offset);
      await this.#file?.sync();
    } catch (again) {
      fence.trip('a failed write could not be taken back', again);
    }
    return new DftfsError('store_full', "This node's disk is full.", { cause: error });
  }
}
