import { spanHas } from '../key-order.ts';
import type { KeySpan, Watch, WatchHandlers } from '../kv.ts';
import type { VersionedMap } from './versioned-map.ts';

/**
 * Follows the history of the map. Events come in later microtasks, never within the call that made
 * them.
 */
export class LocalWatch implements Watch {
  readonly #map: VersionedMap;
  readonly #span: KeySpan;
  readonly #handlers: WatchHandlers;
  #next: number;
  #awake = false;
  #ended = false;

  constructor(map: VersionedMap, span: KeySpan, fromRevision: number, handlers: WatchHandlers) {
    this.#map = map;
    this.#span = span;
    this.#handlers = handlers;
    this.#next = fromRevision === 0 ? map.revision + 1 : fromRevision;
  }

  wake(): void {
    if (this.#awake || this.#ended) return;
    this.#awake = true;
    queueMicrotask(() => {
      this.#awake = false;
      this.#deliver();
    });
  }

  close(): void {
    this.#end('closed');
  }

  #deliver(): void {
    while (!this.#ended && this.#next <= this.#map.revision) {
      if (this.#next < this.#map.compactedRevision) {
        this.#end(`compacted up to revision ${this.#map.compactedRevision}`);
        return;
      }
      const revision = this.#next++;
      const events = this.#map
        .changeAt(revision)
        ?.events.filter(({ entry }) => spanHas(this.#span, entry.key));
      if (events !== undefined && events.length > 0) this.#handlers.onEvents(events, revision);
    }
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#handlers.onEnd(reason);
  }
}
