/**
 * Seals volumes that are full, so that none grows too large to be rebuilt in a bounded time. Each
 * process counts what it has written itself, so a volume may hold as much from each; being about
 * right is enough. Sealing changes no member: an upload that is under way in the volume ends well.
 */
import type { VolumeId } from '#base/ids.ts';
import type { ClusterMap, KnownVolume } from '#cluster/cluster-map.ts';
import type { Kv } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import { volumeKey } from '#protocol/keys.ts';
import { encodeVolume } from '#protocol/volumes.ts';

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
  async #seal({ record, revision }: KnownVolume): Promise<void> {
    const { kv, map, log } = this.#deps;
    const key = volumeKey(record.id);
    const sealed = { ...record, state: 'sealed' } as const;
    const result = await kv.txn(
      {
        compare: [{ start: key, field: 'mod', relation: '=', value: revision }],
        then: [{ kind: 'put', key, value: encodeVolume(sealed) }],
        else: [],
      },
      { timeoutMs: this.#options.sealTimeoutMs },
    );
    if (!result.succeeded) return;
    map.learnVolume({ record: sealed, revision: result.revision });
    log.info('volume sealed', { volume: record.id });
  }
}
