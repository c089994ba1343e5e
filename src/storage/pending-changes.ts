/**
 * Changes of the index that aren't committed yet. There may be many thousands of them, and as many
 * blobs be asked for one after another when garbage is deleted: so they are found by blob too.
 */
import type { ShardPlace } from './shard-index.ts';
import { blobTextLength } from './shard-key.ts';

export class PendingChanges {
  /** Undefined: the shard is deleted. */
  readonly byKey = new Map<string, ShardPlace | undefined>();
  readonly #keysByBlob = new Map<string, string[]>();

  set(key: string, place: ShardPlace | undefined): void {
    if (!this.byKey.has(key)) {
      const blob = key.slice(0, blobTextLength);
      const keys = this.#keysByBlob.get(blob);
      if (keys === undefined) this.#keysByBlob.set(blob, [key]);
      else keys.push(key);
    }
    this.byKey.set(key, place);
  }

  /** Keys that begin so, in no order. */
  keysWithin(prefix: string): string[] {
    const isOfBlob = prefix.length >= blobTextLength;
    const keys = isOfBlob
      ? (this.#keysByBlob.get(prefix.slice(0, blobTextLength)) ?? [])
      : [...this.byKey.keys()];
    return keys.filter((key) => key.startsWith(prefix));
  }
}
