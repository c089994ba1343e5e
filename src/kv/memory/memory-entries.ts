import type { KeySpan, KvEntry } from '../kv.ts';
import type { Entries } from '../local/entries.ts';
import { SortedKeys } from './sorted-keys.ts';

export class MemoryEntries implements Entries {
  readonly #keys = new SortedKeys();
  readonly #entries = new Map<string, KvEntry>();

  get(key: string): KvEntry | undefined {
    return this.#entries.get(key);
  }

  *scan({ start, end }: KeySpan): Generator<KvEntry> {
    for (const key of this.#keys.between(start, end ?? `${start}\0`)) {
      yield this.#entries.get(key) as KvEntry;
    }
  }

  put(entry: KvEntry): void {
    this.#keys.add(entry.key);
    this.#entries.set(entry.key, entry);
  }

  delete(key: string): void {
    this.#keys.delete(key);
    this.#entries.delete(key);
  }

  seal(): void {}
}
