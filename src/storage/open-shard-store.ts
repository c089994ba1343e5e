/**
 * Opens one node's shard store: lock, superblock, index, recovery; then `LocalShardStore` takes
 * over.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { Disk } from '#io/disk.ts';
import type { Clock, Random, Timers } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';
import { Compaction } from './compaction.ts';
import { DiskWatch } from './disk-watch.ts';
import { Fence } from './fence.ts';
import { FreeSpace } from './free-space.ts';
import { IndexWriter } from './index-writer.ts';
import { LocalShardStore } from './local-shard-store.ts';
import { openIndex } from './open-index.ts';
import { Quarantine } from './quarantine.ts';
import type { Recovered } from './recovery.ts';
import { recover } from './recovery.ts';
import { SegmentFiles } from './segment-files.ts';
import { SegmentLog } from './segment-log.ts';
import { SegmentReader } from './segment-reader.ts';
import type { LogPosition, ShardIndexFactory } from './shard-index.ts';
import type { ShardStore } from './shard-store.ts';
import type { StoreMetrics } from './store-metrics.ts';
import { nextGeneration, openSuperblock, saltOf } from './superblock.ts';

const MiB = 1024 * 1024;
/** An operation that takes this long never ends well: others should stop waiting for this disk. */
const hungMs = 30_000;

export interface ShardStoreDeps {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
  readonly indexFactory: ShardIndexFactory;
  readonly metrics?: StoreMetrics | undefined;
}

export interface ShardStoreOptions {
  /** Holds the segments, the index and the superblock; made if missing. */
  readonly folder: string;
  readonly clusterId: string;
  readonly nodeId: string;
  /**
   * Refuse an empty folder: for a node that has held shards before, whose disk may not be mounted.
   */
  readonly mustExist?: boolean;
  /** Free space that writes leave alone. Default: 1 % of the disk, at least 64 MiB. */
  readonly reserveBytes?: number;
  /** Segments together take no more than about this. Default: whatever the disk has. */
  readonly capacityBytes?: number;
  /** A segment is full at about this size. At most 2 GiB. */
  readonly segmentBytesMax?: number;
  /** How long a change may wait for its index commit. */
  readonly indexCommitDelayMs?: number;
}

/** `onIndexFailure`: the store is fenced; closed and opened again, it makes the index anew. */
export async function openShardStore(
  deps: ShardStoreDeps,
  options: ShardStoreOptions,
  onIndexFailure: () => void = () => {},
): Promise<ShardStore> {
  const { disk } = deps;
  const { segmentBytesMax = 0 } = options;
  assert(segmentBytesMax <= 2048 * MiB, 'a record names its offset in 32 bits');
  await disk.makeFolder(options.folder);
  const lock = await disk.lock(options.folder);
  try {
    return await openLocked(deps, options, onIndexFailure, () => lock.release());
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface IndexParts {
  readonly files: SegmentFiles;
  readonly fence: Fence;
  readonly watch: DiskWatch;
}

/** The index, which fences the store when it fails, and is gone then for the next opening. */
async function openWriter(
  deps: ShardStoreDeps & IndexParts,
  options: ShardStoreOptions,
  given: { readonly salt: number; readonly onIndexFailure: () => void },
): Promise<{ readonly index: IndexWriter; readonly closeIndex: () => Promise<void> }> {
  const { disk, log, timers, watch, files, fence, indexFactory: factory } = deps;
  const folder = path.join(options.folder, 'index');
  const covers = ({ segment, offset }: LogPosition) => offset <= (files.size(segment) ?? -1);
  const opened = await openIndex({ disk, log, factory }, { folder, salt: given.salt, covers });
  let discarding: Promise<void> | undefined;
  const onFailure = (error: unknown) => {
    fence.trip('the index failed', error);
    discarding = factory
      .discard(folder)
      .catch((cause) => log.warn('index stays', { error: cause }));
    given.onIndexFailure();
  };
  const index = new IndexWriter(
    { index: opened.index, timers, watch, onFailure },
    { commitDelayMs: options.indexCommitDelayMs ?? 500, commitEntries: 4096 },
  );
  const closeIndex = async () => {
    await discarding;
    await opened.close();
  };
  return { index, closeIndex };
}

async function openLocked(
  deps: ShardStoreDeps,
  options: ShardStoreOptions,
  onIndexFailure: () => void,
  release: () => Promise<void>,
): Promise<ShardStore> {
  const { clock, timers, log, metrics } = deps;
  const { folder, clusterId, nodeId, reserveBytes, capacityBytes } = options;
  const fence = new Fence(log);
  const onHang = (what: string) =>
    fence.trip('the disk hangs', new Error(`${what} has not ended in ${hungMs} ms`));
  const watch = new DiskWatch({ clock, timers, onHang }, { hungMs });
  const disk = watch.watched(deps.disk);
  const files = await SegmentFiles.find(disk, folder);
  const owner = { clusterId, nodeId };
  const expected = {
    hasSegments: files.numbers.length > 0,
    mustExist: options.mustExist ?? false,
  };
  const { superblock, isNew } = await openSuperblock(deps, folder, owner, expected);
  const salt = saltOf(superblock);
  const { index, closeIndex } = await openWriter({ ...deps, disk, files, fence, watch }, options, {
    salt,
    onIndexFailure,
  });
  const quarantine = new Quarantine((key) => index.find(key));
  let recovered: Recovered;
  const space = new FreeSpace(
    { disk, clock, usedBytes: () => files.bytes },
    { folder, reserveBytes, capacityBytes },
  );
  try {
    recovered = await recover({ files, index, quarantine, log, salt });
    await space.ask();
  } catch (error) {
    await closeIndex();
    throw error;
  }
  const segments = new SegmentLog(
    {
      files,
      space,
      fence,
      ...{ clock, metrics, salt },
      standsAt: (key, place) => index.isAt(key, place),
      appended({ kind, key, segment, offset, length }, end) {
        if (kind === 'tombstone') index.remove(key, end);
        else index.put(key, { segment, offset, length }, end);
        quarantine.release(key);
      },
    },
    { segmentBytesMax: options.segmentBytesMax ?? 256 * MiB },
    recovered.tail,
  );
  const reader = new SegmentReader({ files, clock, log, salt, quarantine });
  const parts = { files, index, segments, reader, quarantine, fence, space, watch };
  const compaction = new Compaction({ ...parts, clock, log, salt });
  const advance = nextGeneration.bind(undefined, disk, folder);
  return new LocalShardStore(
    { ...parts, compaction, advance, closeIndex, release },
    { superblock, isNew, damaged: recovered.damaged },
  );
}
