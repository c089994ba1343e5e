/**
 * The blobs that this process is at: their bytes are still on their way, or it goes on trying to
 * give them a name. Of all others of its the names tell what they are: a try that is still under
 * way asks that nobody has taken the blob for garbage. So nobody has to wait for the end of a
 * session to know what is.
 */
import type { BlobId } from '#base/ids.ts';

const blobsMax = 1_000_000;

export class BlobsUnderWay {
  readonly #blobs = new Set<BlobId>();
  readonly #max: number;
  #isIncomplete = false;

  constructor(max = blobsMax) {
    this.#max = max;
  }

  /** Before the first of its bytes is sent. */
  begin(blob: BlobId): void {
    if (this.#blobs.size < this.#max) this.#blobs.add(blob);
    else this.#isIncomplete = true;
  }

  /** Nobody tries to give it a name any more. */
  settle(blob: BlobId): void {
    this.#blobs.delete(blob);
  }

  /** True also when that isn't known any more: then nothing is certain. */
  isOpen(blob: BlobId): boolean {
    return this.#isIncomplete || this.#blobs.has(blob);
  }
}
