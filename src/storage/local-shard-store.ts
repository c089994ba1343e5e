/** The shard store over its parts: who may write what, and in which order. */
import { DftfsError, isCode } from '#base/errors.ts';
import type { HeldShard, ShardBytes, ShardKey } from '#protocol/shards.ts';
import type { Body } from '#rpc/rpc.ts';
import { bodyLength, emptyBody } from '#rpc/rpc.ts';
import { bodyCrcs } from './block-crcs.ts';
import type { Compaction, CompactionStep } from './compaction.ts';
import type { DiskWatch } from './disk-watch.ts';
import type { Fence } from './fence.ts';
import type { FreeSpace } from './free-space.ts';
import type { IndexWriter } from './index-writer.ts';
import type { Quarantine } from './quarantine.ts';
import type { SegmentFiles } from './segment-files.ts';
import { SegmentRemoved } from './segment-files.ts';
import type { NewRecord, SegmentLog } from './segment-log.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { ShardPlace } from './shard-index.ts';
import { parseShardKey, shardKeyText, showShardKey } from './shard-key.ts';
import { shardBytesMax } from './shard-record.ts';
import type { ListWithin, ShardState, ShardStore, ShardStoreStats } from './shard-store.ts';
import type { Superblock } from './superblock.ts';

/** Changes that the index has not committed; more than this and it has stopped. */
const indexBacklogMax = 65_536;
const deletesAtOnce = 1024;
/** A disk that hangs doesn't say how full it is either. */
const askSpaceMs = 1000;
/** A shard that moves between look-up and read is looked up again; it can't go on for long. */
const lookUpsMax = 8;

export interface LocalShardStoreDeps {
  readonly files: SegmentFiles;
  readonly index: IndexWriter;
  readonly segments: SegmentLog;
  readonly reader: SegmentReader;
  readonly quarantine: Quarantine;
  readonly compaction: Compaction;
  readonly fence: Fence;
  readonly space: FreeSpace;
  readonly watch: DiskWatch;
  readonly advance: (superblock: Superblock) => Promise<Superblock>;
  readonly closeIndex: () => Promise<void>;
  readonly release: () => Promise<void>;
}

interface Writing {
  readonly crc: number;
  readonly length: number;
  readonly done: Promise<void>;
}

const invalid = (detail: string) => new DftfsError('invalid_argument', detail);

const differs = (key: ShardKey) =>
  invalid(`Shard ${showShardKey(key)} is there already, with other bytes.`);

const tombstone = (key: string): NewRecord => ({
  kind: 'tombstone',
  key,
  body: emptyBody,
  crcs: { blocks: [], whole: 0 },
  purpose: 'delete',
});

const missing = (key: string) =>
  new DftfsError('shard_missing', `This node has no shard ${showShardKey(parseShardKey(key))}.`);

interface Found {
  readonly superblock: Superblock;
  readonly isNew: boolean;
  /** Damaged records met by the recovery. */
  readonly damaged: number;
}

export class LocalShardStore implements ShardStore {
  readonly isNew: boolean;
  readonly #deps: LocalShardStoreDeps;
  readonly #damaged: number;
  #superblock: Superblock;
  readonly #writing = new Map<string, Writing>();
  /** Keys whose shards are as good as gone, and when they are. */
  readonly #deleting = new Map<string, Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor(deps: LocalShardStoreDeps, found: Found) {
    this.#deps = deps;
    this.#superblock = found.superblock;
    this.isNew = found.isNew;
    this.#damaged = found.damaged;
  }

  get diskId(): string {
    return this.#superblock.diskId;
  }

  get generation(): number {
    return this.#superblock.generation;
  }

  async advance(): Promise<number> {
    this.#checkOpen();
    this.#superblock = await this.#deps.advance(this.#superblock);
    return this.generation;
  }

  async read(key: ShardKey, offset: number, length: number): Promise<ShardBytes> {
    const text = shardKeyText(key);
    return await this.#atPlace(text, (place) => {
      if (offset < 0 || length < 1 || offset + length > place.length) {
        const asked = `${offset} to ${offset + length}`;
        throw invalid(`Shard ${showShardKey(key)} has ${place.length} bytes; asked for ${asked}.`);
      }
      return this.#deps.reader.read(text, place, { offset, length });
    });
  }

  async write(key: ShardKey, body: Body, crc: number): Promise<void> {
    this.#checkOpen();
    const length = bodyLength(body);
    if (length < 1 || length > shardBytesMax) {
      throw invalid(`A shard has 1 to ${shardBytesMax} bytes, not ${length}.`);
    }
    const text = shardKeyText(key);
    // Else it would be found here still, and gone a moment after it was acknowledged.
    while (this.#deleting.has(text)) {
      await this.#deleting.get(text)?.catch(() => {});
      this.#checkOpen();
    }
    const busy = this.#writing.get(text);
    if (busy !== undefined) {
      if (busy.crc !== crc || busy.length !== length) throw differs(key);
      return await busy.done;
    }
    const crcs = bodyCrcs(body);
    if (crcs.whole !== crc) {
      throw new DftfsError(
        'shard_corrupt',
        `The bytes of shard ${showShardKey(key)} came damaged.`,
      );
    }
    const record = { kind: 'shard', key: text, body, crcs, purpose: 'write' } as const;
    const done = this.#writeOnce(record, length);
    this.#writing.set(text, { crc, length, done });
    try {
      await done;
    } finally {
      this.#writing.delete(text);
    }
  }

  async delete(keys: readonly ShardKey[]): Promise<void> {
    this.#checkOpen();
    const texts = keys.map(shardKeyText);
    const before = new Set(texts.map((text) => this.#deleting.get(text)));
    const done = Promise.allSettled(before).then(() => this.#deleteAll(texts));
    for (const text of texts) this.#deleting.set(text, done);
    try {
      await done;
    } finally {
      for (const text of texts) {
        if (this.#deleting.get(text) === done) this.#deleting.delete(text);
      }
    }
  }

  has(key: ShardKey): boolean {
    const text = shardKeyText(key);
    return !this.#deleting.has(text) && this.#deps.index.find(text) !== undefined;
  }

  list(after: ShardKey | undefined, limit: number, within?: ListWithin): HeldShard[] {
    const from = after === undefined ? undefined : shardKeyText(after);
    const prefix = within === undefined ? '' : within.volume + (within.blob ?? '');
    return this.#deps.index
      .list(from, limit + this.#deleting.size, prefix)
      .filter((entry) => !this.#deleting.has(entry.key))
      .slice(0, limit)
      .map(({ key, place }) => ({ key: parseShardKey(key), length: place.length }));
  }

  async verify(key: ShardKey): Promise<ShardState> {
    const text = shardKeyText(key);
    try {
      await this.#atPlace(text, (place) => this.#deps.reader.verify(text, place));
      return 'sound';
    } catch (error) {
      if (isCode(error, 'shard_missing')) return 'missing';
      if (isCode(error, 'shard_corrupt')) return 'damaged';
      throw error;
    }
  }

  damaged(): HeldShard[] {
    const shards = this.#deps.quarantine.list();
    return shards.map(({ key, length }) => ({ key: parseShardKey(key), length }));
  }

  compactStep(signal: AbortSignal): Promise<CompactionStep> {
    return this.#deps.compaction.step(signal);
  }

  async stats(): Promise<ShardStoreStats> {
    const { index, files, fence, space, watch, reader, quarantine, compaction } = this.#deps;
    await watch.atMost(askSpaceMs, space.ask());
    const { freeBytes, totalBytes } = space;
    let shards = 0;
    let liveBytes = 0;
    let liveRecordBytes = 0;
    for (const tally of index.tallies.values()) {
      shards += tally.liveShards;
      liveBytes += tally.liveBytes;
      liveRecordBytes += tally.liveRecordBytes;
    }
    return {
      diskId: this.diskId,
      shards,
      liveBytes,
      segmentBytes: files.bytes,
      freeBytes,
      totalBytes,
      fenced: fence.reason,
      full: space.isFull(),
      slowestMs: watch.slowestMs,
      corrupt: this.#damaged + reader.corruptReads,
      failedReads: reader.failedReads,
      damaged: quarantine.size,
      deadBytes: files.bytes - liveRecordBytes,
      compaction: compaction.stats,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { segments, index, files, compaction, closeIndex, release } = this.#deps;
    try {
      await compaction.close();
      const writing = [...this.#writing.values()].map(({ done }) => done);
      await Promise.allSettled([...writing, ...this.#deleting.values()]);
      await segments.close();
      await index.flush();
      await closeIndex();
      await files.close();
    } finally {
      await release();
    }
  }

  #checkOpen(): void {
    const { fence, index } = this.#deps;
    fence.check();
    if (this.#closing !== undefined) {
      throw new DftfsError('store_fenced', 'The shard store of this node is closed.');
    }
    if (index.backlog > indexBacklogMax) {
      throw new DftfsError('overloaded', 'The index of this node is behind.');
    }
  }

  /** A damaged shard is written anew even where there's no room for more. */
  async #writeOnce(record: NewRecord, length: number): Promise<void> {
    const { index, segments } = this.#deps;
    if (index.find(record.key) === undefined) return await segments.append(record);
    const stands = await this.#intact(record.key);
    if (stands === undefined) return await segments.append({ ...record, purpose: 'upkeep' });
    if (stands.crc !== record.crcs.whole || bodyLength(stands.body) !== length) {
      throw differs(parseShardKey(record.key));
    }
  }

  /** The shard if it is there and sound. */
  async #intact(key: string): Promise<ShardBytes | undefined> {
    const { reader } = this.#deps;
    try {
      return await this.#atPlace(key, (place) =>
        reader.read(key, place, { offset: 0, length: place.length }),
      );
    } catch (error) {
      if (isCode(error, 'shard_corrupt', 'shard_missing')) return undefined;
      throw error;
    }
  }

  /** Reads the shard where it is, which may change meanwhile. */
  async #atPlace<T>(key: string, read: (place: ShardPlace) => Promise<T>): Promise<T> {
    for (let lookUps = 0; lookUps < lookUpsMax; lookUps++) {
      const place = this.#deps.index.find(key);
      if (place === undefined) throw missing(key);
      try {
        return await read(place);
      } catch (error) {
        if (!(error instanceof SegmentRemoved)) throw error;
      }
    }
    throw new DftfsError('shard_corrupt', `The segment of shard ${key} is missing.`);
  }

  /** When it settles, nothing of it is under way any more. */
  async #deleteAll(keys: readonly string[]): Promise<void> {
    for (let from = 0; from < keys.length; from += deletesAtOnce) {
      const some = keys.slice(from, from + deletesAtOnce);
      const results = await Promise.allSettled(some.map((key) => this.#deleteOne(key)));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    }
  }

  async #deleteOne(key: string): Promise<void> {
    await this.#writing.get(key)?.done.catch(() => {});
    if (this.#deps.index.find(key) === undefined) return;
    await this.#deps.segments.append(tombstone(key));
  }
}
