/**
 * Writes the content of a blob into a new one, in volumes of today's width, and gives that one all
 * its names. What is read is checked against the blob's CRC before it counts, and so is what was
 * written. The old blob stays readable until garbage collection, so a read under way ends whole.
 */
import { DftfsError } from '#base/errors.ts';
import type { BlobId, VolumeId } from '#base/ids.ts';
import { stripeBytes } from '#base/limits.ts';
import type { BlobReader, BlobWriter, WrittenBlob } from '#blob/blob.ts';
import { commitBlob } from '#blob/commit-blob.ts';
import type { Namespace } from '#namespace/namespace.ts';
import type { FileRecord } from '#namespace/records.ts';
import type { Breather } from '../breather.ts';

export interface BlobRewriterDeps {
  readonly namespace: Pick<Namespace, 'lookupBlob' | 'readVolumes' | 'relocate'>;
  readonly reader: BlobReader;
  readonly writer: BlobWriter;
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
   * False: the blob has no name, or nothing of its content is in the volume. Breathes between
   * stripes. Errors: those of reader and writer; of `relocate`; data_damaged if what was written
   * isn't what was read.
   */
  async rewrite(
    blob: BlobId,
    volume: VolumeId,
    breather: Pick<Breather, 'rest'>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { namespace, writer } = this.#deps;
    const file = await namespace.lookupBlob(blob, { signal });
    const isThere = file?.record.extents.some((extent) => extent.volume === volume);
    if (file === undefined || !isThere) return false;
    const { size, crc } = file.record;
    const written = await writer.write(this.#content(file.record, breather, signal), { signal });
    const check = () => {
      if (written.size === size && written.crc === crc) return;
      throw new DftfsError('data_damaged', `Blob ${blob} was not written as it was read.`);
    };
    const name = async (replacement: WrittenBlob) => {
      const isNamed = (await namespace.relocate(blob, replacement, { signal })) > 0;
      return { result: isNamed, isNamed };
    };
    return await commitBlob({ writer, namespace }, written, { check, name }, { signal });
  }

  async *#content(
    record: FileRecord,
    breather: Pick<Breather, 'rest'>,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer> {
    let passed = 0;
    for await (const chunk of this.#deps.reader.read(record, 0, record.size, { signal })) {
      yield chunk;
      passed += chunk.length;
      this.#bytes += chunk.length;
      if (passed < stripeBytes) continue;
      await breather.rest(signal);
      passed = 0;
    }
  }
}
