/**
 * The blobs whose fate is open, of those that this process writes: bytes are still on their way, or
 * a transaction that gives the blob its name may be. All others of its have their name, or never
 * get one. So nobody has to wait for the end of a session to know what is garbage.
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

  /** It has its name, or has none and certainly gets none. */
  settle(blob: BlobId): void {
    this.#blobs.delete(blob);
  }

  /** True also when that isn't known any more: then nothing is certain. */
  isOpen(blob: BlobId): boolean {
    return this.#isIncomplete || this.#blobs.has(blob);
  }
}
