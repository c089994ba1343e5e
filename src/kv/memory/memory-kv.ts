/**
 * The kv in this process's memory: for tests and simulations. Linearizable, with the same checks
 * and the same order of things as etcd; a run on virtual time repeats exactly. It never fails by
 * itself: see `FaultyKv`.
 */
import { revisionBase } from '../eras.ts';
import { LocalKv, type LocalKvDeps } from '../local/local-kv.ts';
import { VersionedMap } from '../local/versioned-map.ts';
import { MemoryEntries } from './memory-entries.ts';

export interface MemoryKvOptions {
  /** At least so many revisions can be read and watched from; older ones are compacted in time. */
  readonly historyRevisions?: number;
  /** How often this cluster's names were restored from a backup. */
  readonly era?: number;
}

export class MemoryKv extends LocalKv {
  constructor(deps: LocalKvDeps, { historyRevisions = 10_000, era = 0 }: MemoryKvOptions = {}) {
    const revision = revisionBase(era) + 1;
    const map = new VersionedMap(new MemoryEntries(), { revision, historyRevisions });
    super(deps, map, 'memory');
  }

  protected override async write<T>(change: () => T): Promise<T> {
    const result = this.map.write(change);
    this.publish(this.map.latestRevision);
    return result;
  }
}
