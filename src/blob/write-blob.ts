/** The writing side of `BlobWriter`: puts the parts together and runs one upload a blob. */
import { DftfsError } from '#base/errors.ts';
import { newBlobId } from '#base/ids.ts';
import { stripeBytes } from '#base/limits.ts';
import type { ClusterMap, Session } from '#cluster/cluster-map.ts';
import type { World } from '#io/world.ts';
import type { Logger } from '#observe/log.ts';
import type { BlobWriter, WrittenBlob } from './blob.ts';
import type { BlobsUnderWay } from './blobs-under-way.ts';
import { refillBlob } from './refill.ts';
import { ShardBroom } from './shard-broom.ts';
import type { ShardCalls } from './shard-calls.ts';
import { BufferPool, cutStripes, Tally } from './stripe-cutter.ts';
import { StripeSender } from './stripe-sender.ts';
import { Upload, type UploadDeps } from './upload.ts';
import type { VolumePicker } from './volume-picker.ts';
import type { VolumeSealer } from './volume-sealer.ts';
import { ByteGate } from './waits.ts';

export interface BlobWriterDeps {
  readonly shards: ShardCalls;
  readonly map: ClusterMap;
  readonly session: Session;
  readonly picker: VolumePicker;
  readonly sealer: Pick<VolumeSealer, 'wrote'>;
  readonly underWay: BlobsUnderWay;
  readonly world: Pick<World, 'clock' | 'timers' | 'random'>;
  readonly log: Logger;
}

export interface BlobWriterOptions {
  /** Stripes of one blob in flight. */
  readonly window: number;
  readonly switchesMax: number;
  /** Content of all blobs in flight; parity comes on top. */
  readonly inFlightBytesMax: number;
  readonly shardDeadlineFloorMs: number;
  readonly shardDeadlineCeilingMs: number;
}

export const blobWriterDefaults: BlobWriterOptions = {
  window: 4,
  switchesMax: 8,
  inFlightBytesMax: 48 * stripeBytes,
  shardDeadlineFloorMs: 800,
  shardDeadlineCeilingMs: 2000,
};

const overloadPauseMs = 20;
const overloadPatienceMs = 2000;

export function createBlobWriter(
  deps: BlobWriterDeps,
  options: Partial<BlobWriterOptions> = {},
): BlobWriter {
  const settings = { ...blobWriterDefaults, ...options };
  const pool = new BufferPool(settings.inFlightBytesMax / stripeBytes);
  const deadline = {
    floorMs: settings.shardDeadlineFloorMs,
    ceilingMs: settings.shardDeadlineCeilingMs,
  };
  const sender = new StripeSender(
    { ...deps, pool },
    { deadline, overloadPauseMs, overloadPatienceMs },
  );
  const broom = new ShardBroom(deps.shards, deps.log);
  const parts = { ...deps, sender, pool, gate: new ByteGate(settings.inFlightBytesMax) };
  return {
    write: (content, { signal }) => write(parts, settings, broom, content, signal),
    refill: (written, now, { signal }) => refillBlob(deps.shards, written, now, signal),
    release: ({ blob }) => deps.underWay.settle(blob),
    discard: (written) => {
      deps.underWay.settle(written.blob);
      broom.sweep(written.blob, Promise.resolve(runsOf(written)));
    },
  };
}

async function write(
  parts: UploadDeps & Pick<BlobWriterDeps, 'session' | 'sealer' | 'underWay' | 'world'>,
  options: BlobWriterOptions,
  broom: ShardBroom,
  content: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<WrittenBlob> {
  const session = parts.session.revision;
  if (session === undefined) {
    throw new DftfsError('session_lost', 'This node has lost its place in the cluster; try again.');
  }
  const blob = newBlobId(session, (count) => parts.world.random.bytes(count));
  const tally = new Tally();
  const stripes = cutStripes(content, parts.pool, tally);
  const upload = new Upload(parts, options, blob, stripes, signal);
  parts.underWay.begin(blob);
  try {
    await upload.run();
  } catch (error) {
    parts.underWay.settle(blob);
    throw error;
  } finally {
    if (upload.hasLeftovers) broom.sweep(blob, upload.leftovers());
  }
  const { extents, volumes } = upload;
  for (const { volume, count } of extents) {
    parts.sealer.wrote(volume, Math.min(tally.size, count * stripeBytes));
  }
  return { blob, size: tally.size, crc: tally.crc, extents, volumes, session };
}

function runsOf({ extents, volumes }: WrittenBlob) {
  return extents.flatMap(({ volume: id, first, count }) => {
    const volume = volumes.find(({ record }) => record.id === id)?.record;
    return volume ? [{ volume, first, count }] : [];
  });
}
