/** A machine's index of shards: outlives the process, and takes its time to commit. */
import type { MemoryIndexFactory } from '#storage/memory-index.ts';
import type { ShardIndex, ShardIndexFactory } from '#storage/shard-index.ts';
import type { SimDisk } from './disk.ts';
import type { SimProcess } from './process.ts';

const commitMsMax = 8;

export function simIndexFactory(
  kept: MemoryIndexFactory,
  disk: SimDisk,
  process: SimProcess,
): ShardIndexFactory {
  return {
    open: async (folder) => slowly(await kept.open(folder), disk, process),
    discard: (folder) => kept.discard(folder),
  };
}

function slowly(index: ShardIndex, disk: SimDisk, process: SimProcess): ShardIndex {
  return {
    get position() {
      return index.position;
    },
    tallies: () => index.tallies(),
    get: (key) => index.get(key),
    list: (after, limit, prefix) => index.list(after, limit, prefix),
    commit: (batch) =>
      disk.call(process, disk.dice.skewed(0.2, commitMsMax), () => void index.commit(batch)),
    close: () => index.close(),
  };
}
