/**
 * Writes the content of a blob into a new one, in volumes of today's width, and gives that one all
 * its names. What is read is checked against the blob's CRC before it counts, and so is what was
 * written. The old blob stays readable until garbage collection, so a read under way ends whole.
 */
import { DftfsError } from '#base/errors.ts';
import type { BlobId, VolumeId } from '#base/ids.ts';
import { stripeBytes } from '#base/limits.ts';
import type { BlobReader, BlobWriter } from '#blob/blob.ts';
import type { World } from '#io/world.ts';
import type { Namespace } from '#namespace/namespace.ts';
import type { FileRecord } from '#namespace/records.ts';
import type { Brake } from '../brake.ts';

export interface BlobRewriterDeps {
  readonly namespace: Pick<Namespace, 'lookupBlob' | 'relocate'>;
  readonly reader: BlobReader;
  readonly writer: Pick<BlobWriter, 'write' | 'discard'>;
  readonly world: Pick<World, 'clock' | 'timers'>;
  readonly brake: Pick<Brake, 'restMs'>;
}

export class BlobRewriter {
  readonly #deps: BlobRewriterDeps;
  #bytes = 0;

  constructor(deps: BlobRewriterDeps) {
    this.#deps = deps;
  }

  /** Content that was read and passed on to be written, of all blobs so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * True: no name has content in the volume through this blob any more. False: it has no name, or
   * none of its content is there. Errors: those of reader and writer; of `relocate`; data_damaged
   * if what was written isn't what was read.
   */
  async rewrite(blob: BlobId, volume: VolumeId, signal: AbortSignal): Promise<boolean> {
    const { namespace, writer } = this.#deps;
    const file = await namespace.lookupBlob(blob, { signal });
    const isThere = file?.record.extents.some((extent) => extent.volume === volume);
    if (file === undefined || !isThere) return false;
    const written = await writer.write(this.#content(file.record, signal), { signal });
    try {
      if (written.size !== file.record.size || written.crc !== file.record.crc) {
        throw new DftfsError('data_damaged', `Blob ${blob} was not written as it was read.`);
      }
      const moved = await namespace.relocate(blob, written, { signal });
      if (moved === 0) writer.discard(written);
      return moved > 0;
    } catch (error) {
      if (error instanceof DftfsError && error.outcome === 'none') writer.discard(written);
      throw error;
    }
  }

  /** Yields to clients between stripes, as duties do between units. */
  async *#content(record: FileRecord, signal: AbortSignal): AsyncGenerator<Buffer> {
    const { reader, brake, world } = this.#deps;
    let began = world.clock.now();
    let passed = 0;
    for await (const chunk of reader.read(record, 0, record.size, { signal })) {
      yield chunk;
      passed += chunk.length;
      this.#bytes += chunk.length;
      if (passed < stripeBytes) continue;
      const restMs = brake.restMs(world.clock.now() - began);
      if (restMs > 0) await world.timers.sleep(restMs, signal);
      began = world.clock.now();
      passed = 0;
    }
  }
}
