/**
 * Deletes stripes that count for nothing, in the background, as well as it can: what it doesn't
 * reach is found later by comparing what nodes hold with the names and the writers' word.
 */
import type { BlobId } from '#base/ids.ts';
import type { Logger } from '#observe/log.ts';
import type { ShardKey } from '#protocol/shards.ts';
import { slotInKeys, type VolumeRecord } from '#protocol/volumes.ts';
import type { ShardCalls } from './shard-calls.ts';

export interface SweptStripes {
  readonly volume: VolumeRecord;
  readonly first: number;
  readonly count: number;
}

const keysPerCall = 256;
const timeoutMs = 2000;
/** Blobs swept at once; the rest is left to the later comparison. */
const sweepsMax = 32;

export class ShardBroom {
  readonly #shards: ShardCalls;
  readonly #log: Logger;
  #sweeps = 0;

  constructor(shards: ShardCalls, log: Logger) {
    this.#shards = shards;
    this.#log = log;
  }

  /** `stripes` resolves when none of them is being written anymore. */
  sweep(blob: BlobId, stripes: Promise<readonly SweptStripes[]>): void {
    if (this.#sweeps >= sweepsMax) return;
    this.#sweeps += 1;
    stripes
      .then((runs) => Promise.all(runs.map((run) => this.#sweepRun(blob, run))))
      .catch((error: unknown) => this.#log.warn('leftover shards stay for now', { blob, error }))
      .finally(() => {
        this.#sweeps -= 1;
      });
  }

  async #sweepRun(blob: BlobId, { volume, first, count }: SweptStripes): Promise<void> {
    const ofSlot = async (slot: number) => {
      const node = volume.members[slot];
      for (let done = 0; node && done < count; done += keysPerCall) {
        const shard = { volume: volume.id, blob, slot: slotInKeys(volume.code, slot) };
        const keys = Array.from(
          { length: Math.min(keysPerCall, count - done) },
          (_, index): ShardKey => ({ ...shard, stripe: first + done + index }),
        );
        await this.#shards.delete(node, keys, { timeoutMs });
      }
    };
    const results = await Promise.allSettled(volume.members.map((_, slot) => ofSlot(slot)));
    const failed = results.filter(({ status }) => status === 'rejected').length;
    if (failed > 0) this.#log.debug('leftover shards stay on some nodes', { blob, failed });
  }
}
