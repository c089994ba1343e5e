/**
 * Seals volumes that are full, so that none grows too large to be rebuilt in a bounded time. Each
 * process counts what it has written itself, so a volume may hold as much from each; being about
 * right is enough. Sealing changes no member: an upload that is under way in the volume ends well.
 */
import type { VolumeId } from '#base/ids.ts';
import type { ClusterMap, KnownVolume } from '#cluster/cluster-map.ts';
import type { Kv } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import { swapVolume } from './swap-volume.ts';

export interface VolumeSealerDeps {
  readonly kv: Pick<Kv, 'txn'>;
  readonly map: Pick<ClusterMap, 'volume' | 'learnVolume'>;
  readonly log: Logger;
}

export interface VolumeSealerOptions {
  /** Content that one process writes to a volume before it is full. */
  readonly bytesMax: number;
  readonly sealTimeoutMs: number;
}

export const volumeSealerDefaults: VolumeSealerOptions = {
  bytesMax: 8 * 1024 ** 3,
  sealTimeoutMs: 1500,
};

export class VolumeSealer {
  readonly #deps: VolumeSealerDeps;
  readonly #options: VolumeSealerOptions;
  readonly #written = new Map<VolumeId, number>();
  readonly #sealing = new Set<VolumeId>();

  constructor(deps: VolumeSealerDeps, options: Partial<VolumeSealerOptions> = {}) {
    this.#deps = deps;
    this.#options = { ...volumeSealerDefaults, ...options };
  }

  wrote(id: VolumeId, bytes: number): void {
    const written = (this.#written.get(id) ?? 0) + bytes;
    this.#written.set(id, written);
    const volume = this.#deps.map.volume(id);
    if (written < this.#options.bytesMax || volume?.record.state !== 'open') return;
    if (this.#sealing.has(id)) return;
    this.#sealing.add(id);
    this.#seal(volume)
      .catch((error: unknown) => this.#deps.log.warn('a volume could not be sealed', { error }))
      .finally(() => this.#sealing.delete(id));
  }

  /** If somebody changed the volume meanwhile, a later write sees it and tries again. */
  async #seal(volume: KnownVolume): Promise<void> {
    const { record } = volume;
    const options = { timeoutMs: this.#options.sealTimeoutMs };
    if (!(await swapVolume(this.#deps, volume, { ...record, state: 'sealed' }, options))) return;
    this.#deps.log.info('volume sealed', { volume: record.id });
  }
}
