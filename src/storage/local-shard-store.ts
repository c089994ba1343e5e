/** The shard store over its parts: who may write what, and in which order. */
import { DftfsError, isCode } from '#base/errors.ts';
import type { HeldShard, ShardBytes, ShardKey } from '#protocol/shards.ts';
import type { Body } from '#rpc/rpc.ts';
import { bodyLength, emptyBody } from '#rpc/rpc.ts';
import { bodyCrcs } from './block-crcs.ts';
import type { Fence } from './fence.ts';
import type { FreeSpace } from './free-space.ts';
import type { IndexWriter } from './index-writer.ts';
import type { SegmentFiles } from './segment-files.ts';
import type { NewRecord, SegmentLog } from './segment-log.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { ShardPlace } from './shard-index.ts';
import { parseShardKey, shardKeyText, showShardKey } from './shard-key.ts';
import { shardBytesMax } from './shard-record.ts';
import type { DiskIdentity, ListWithin, ShardStore, ShardStoreStats } from './shard-store.ts';
import type { Superblock } from './superblock.ts';

/** Changes that the index has not committed; more than this and it has stopped. */
const indexBacklogMax = 65_536;
const deletesAtOnce = 1024;

export interface LocalShardStoreDeps {
  readonly files: SegmentFiles;
  readonly index: IndexWriter;
  readonly segments: SegmentLog;
  readonly reader: SegmentReader;
  readonly fence: Fence;
  readonly space: FreeSpace;
  readonly advance: (superblock: Superblock) => Promise<Superblock>;
  readonly closeIndex: () => Promise<void>;
  readonly release: () => Promise<void>;
}

/** What was there when the store was opened. */
interface Found {
  readonly damaged: number;
  readonly superblock: Superblock;
  readonly isNew: boolean;
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
});

export class LocalShardStore implements ShardStore {
  readonly #deps: LocalShardStoreDeps;
  readonly #found: Found;
  #superblock: Superblock;
  readonly #writing = new Map<string, Writing>();
  #closing: Promise<void> | undefined;

  constructor(deps: LocalShardStoreDeps, found: Found) {
    this.#deps = deps;
    this.#found = found;
    this.#superblock = found.superblock;
  }

  get identity(): DiskIdentity {
    const { diskId, generation } = this.#superblock;
    return { diskId, generation, isNew: this.#found.isNew };
  }

  async advance(): Promise<DiskIdentity> {
    this.#checkOpen();
    this.#superblock = await this.#deps.advance(this.#superblock);
    return this.identity;
  }

  async read(key: ShardKey, offset: number, length: number): Promise<ShardBytes> {
    const { index, reader } = this.#deps;
    const text = shardKeyText(key);
    const place = index.find(text);
    if (place === undefined) {
      throw new DftfsError('shard_missing', `This node has no shard ${showShardKey(key)}.`);
    }
    if (offset < 0 || length < 1 || offset + length > place.length) {
      const asked = `${offset} to ${offset + length}`;
      throw invalid(`Shard ${showShardKey(key)} has ${place.length} bytes; asked for ${asked}.`);
    }
    return await reader.read(text, place, { offset, length });
  }

  async write(key: ShardKey, body: Body, crc: number): Promise<void> {
    this.#checkOpen();
    const length = bodyLength(body);
    if (length < 1 || length > shardBytesMax) {
      throw invalid(`A shard has 1 to ${shardBytesMax} bytes, not ${length}.`);
    }
    const text = shardKeyText(key);
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
    const done = this.#writeOnce({ kind: 'shard', key: text, body, crcs }, length);
    this.#writing.set(text, { crc, length, done });
    try {
      await done;
    } finally {
      this.#writing.delete(text);
    }
  }

  async delete(keys: readonly ShardKey[]): Promise<void> {
    this.#checkOpen();
    for (let from = 0; from < keys.length; from += deletesAtOnce) {
      const some = keys.slice(from, from + deletesAtOnce);
      await Promise.all(some.map((key) => this.#deleteOne(shardKeyText(key))));
    }
  }

  has(key: ShardKey): boolean {
    return this.#deps.index.find(shardKeyText(key)) !== undefined;
  }

  list(after: ShardKey | undefined, limit: number, within?: ListWithin): HeldShard[] {
    const from = after === undefined ? undefined : shardKeyText(after);
    const prefix = within === undefined ? '' : within.volume + (within.blob ?? '');
    return this.#deps.index
      .list(from, limit, prefix)
      .map(({ key, place }) => ({ key: parseShardKey(key), length: place.length }));
  }

  async stats(): Promise<ShardStoreStats> {
    const { index, files, fence, space, reader } = this.#deps;
    const { freeBytes, totalBytes } = await space.ask();
    let shards = 0;
    let liveBytes = 0;
    for (const tally of index.tallies.values()) {
      shards += tally.liveShards;
      liveBytes += tally.liveBytes;
    }
    return {
      shards,
      liveBytes,
      segmentBytes: files.bytes,
      freeBytes,
      totalBytes,
      fenced: fence.reason,
      full: space.isFull(),
      corrupt: this.#found.damaged + reader.corruptReads,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { segments, index, files, closeIndex, release } = this.#deps;
    try {
      await Promise.allSettled([...this.#writing.values()].map(({ done }) => done));
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

  async #writeOnce(record: NewRecord, length: number): Promise<void> {
    const place = this.#deps.index.find(record.key);
    if (place === undefined) return await this.#deps.segments.append(record);
    const stands = await this.#intact(record.key, place);
    if (stands === undefined) return await this.#deps.segments.append(record);
    if (stands.crc !== record.crcs.whole || place.length !== length) {
      throw differs(parseShardKey(record.key));
    }
  }

  /** The shard at `place` if it is sound; a damaged one may be written anew. */
  async #intact(key: string, place: ShardPlace): Promise<ShardBytes | undefined> {
    try {
      return await this.#deps.reader.read(key, place, { offset: 0, length: place.length });
    } catch (error) {
      if (isCode(error, 'shard_corrupt')) return undefined;
      throw error;
    }
  }

  async #deleteOne(key: string): Promise<void> {
    await this.#writing.get(key)?.done.catch(() => {});
    if (this.#deps.index.find(key) === undefined) return;
    await this.#deps.segments.append(tombstone(key));
  }
}
