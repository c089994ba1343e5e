/**
 * Opens the index, or a new empty one where the old one can't be trusted. A damaged index may kill
 * the process rather than throw. So a mark beside it says that it is being opened, or how many
 * times in a row the process ended without closing it: one death while opening, or several in use,
 * and it is made anew. That costs a scan of the segments, never a shard.
 */
import type { Disk } from '#io/disk.ts';
import type { Logger } from '#observe/log.ts';
import type { LogPosition, ShardIndex, ShardIndexFactory } from './shard-index.ts';

const uncleanEndsMax = 3;
const opening = 'opening';

export interface OpenIndexDeps {
  readonly disk: Disk;
  readonly log: Logger;
  readonly factory: ShardIndexFactory;
}

export interface OpenIndexOptions {
  readonly folder: string;
  readonly salt: number;
  /** Whether the segments reach as far as the index says. */
  readonly covers: (position: LogPosition) => boolean;
}

export interface OpenedIndex {
  readonly index: ShardIndex;
  /** Closes it and remembers that it was closed. */
  close(): Promise<void>;
}

const why = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function openTrusted(
  { factory }: OpenIndexDeps,
  { folder, salt, covers }: OpenIndexOptions,
): Promise<ShardIndex> {
  const index = await factory.open(folder, salt);
  try {
    index.tallies();
    if (index.position === undefined || covers(index.position)) return index;
    throw new Error('the index knows more than the segments hold');
  } catch (error) {
    await index.close();
    throw error;
  }
}

export async function openIndex(
  deps: OpenIndexDeps,
  options: OpenIndexOptions,
): Promise<OpenedIndex> {
  const { disk, log, factory } = deps;
  const { folder } = options;
  const markFile = `${folder}.mark`;
  const mark = (text: string) => disk.writeWhole(markFile, Buffer.from(text));
  const renew = async (reason: string): Promise<ShardIndex> => {
    log.warn('index is made anew', { reason });
    await factory.discard(folder);
    await disk.makeFolder(folder);
    return factory.open(folder, options.salt);
  };

  const last = String((await disk.readWhole(markFile)) ?? '0');
  const uncleanEnds = last === opening ? uncleanEndsMax : Number(last);
  let renewed = !(uncleanEnds < uncleanEndsMax);
  await mark(opening);
  let index: ShardIndex;
  if (renewed) {
    index = await renew('the process ended without closing it');
  } else {
    await disk.makeFolder(folder);
    index = await openTrusted(deps, options).catch((error) => {
      renewed = true;
      return renew(why(error));
    });
  }
  await mark(String(renewed ? 1 : uncleanEnds + 1));
  return {
    index,
    async close() {
      await index.close();
      await mark('0');
    },
  };
}
