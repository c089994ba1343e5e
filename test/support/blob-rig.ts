/** Writer and reader over a fake cluster. */
import { randomFillSync } from 'node:crypto';
import type { WrittenBlob } from '#blob/blob.ts';
import { BlobsUnderWay } from '#blob/blobs-under-way.ts';
import { type BlobReaderOptions, createBlobReader } from '#blob/read-blob.ts';
import { createVolumePicker, type VolumePickerOptions } from '#blob/volume-picker.ts';
import { VolumeSealer } from '#blob/volume-sealer.ts';
import { type BlobWriterOptions, createBlobWriter } from '#blob/write-blob.ts';
import { createNodeWorld } from '#io/node/world.ts';
import type { Kv } from '#kv/kv.ts';
import { silentLogger } from '#observe/log.ts';
import { FakeCluster } from './fake-cluster.ts';

export interface BlobRigOptions {
  readonly writer?: Partial<BlobWriterOptions>;
  readonly reader?: Partial<BlobReaderOptions>;
  readonly picker?: Partial<VolumePickerOptions>;
  /** Undefined: just enough of one. */
  readonly kv?: Pick<Kv, 'get' | 'txn'>;
}

/** Deadlines are short, so that what must run into one does so soon. */
export function createBlobRig(nodes: number, options: BlobRigOptions = {}) {
  const cluster = new FakeCluster(nodes);
  const world = createNodeWorld();
  const common = { map: cluster.map, world, log: silentLogger, kv: options.kv ?? cluster.kv };
  const picker = createVolumePicker(common, {
    patienceMs: 300,
    createPauseMs: 20,
    ...options.picker,
  });
  const sealer = new VolumeSealer(common);
  const underWay = new BlobsUnderWay();
  const writer = createBlobWriter(
    { ...common, shards: cluster.calls, session: cluster.session, picker, sealer, underWay },
    { shardDeadlineFloorMs: 100, shardDeadlineCeilingMs: 100, ...options.writer },
  );
  const reader = createBlobReader(
    { ...common, shards: cluster.calls, self: cluster.session.node },
    {
      ...{ patienceMs: 400, retryPauseMs: 20 },
      deadline: { floorMs: 100, ceilingMs: 100 },
      ...options.reader,
    },
  );
  const forever = new AbortController().signal;
  const write = (content: Buffer, chunk = 65_536, signal = forever) =>
    writer.write(chunksOf(content, chunk), { signal });
  const read = async (blob: WrittenBlob, start = 0, end = blob.size, signal = forever) => {
    const chunks: Buffer[] = [];
    for await (const piece of reader.read(blob, start, end, { signal })) chunks.push(piece);
    return Buffer.concat(chunks);
  };
  return { cluster, picker, writer, reader, underWay, write, read };
}

export async function* chunksOf(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < content.length; start += size) {
    yield content.subarray(start, start + size);
  }
}

export const noise = (length: number): Buffer => randomFillSync(Buffer.allocUnsafe(length));
