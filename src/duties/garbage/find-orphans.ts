/**
 * Compares what this node holds with the names, slowly, and finds what nobody else knows of: blobs
 * of killed uploads, and stripes that an upload left behind when it changed volumes. The names are
 * the only truth: no shard makes a blob exist, and no age makes it garbage. Of a blob without a
 * name the writer alone knows whether it may still get one; when its session is over, it can't.
 */
import { asDftfsError } from '#base/errors.ts';
import { type BlobId, type NodeId, sessionOfBlob, type VolumeId } from '#base/ids.ts';
import type { ShardCalls } from '#blob/shard-calls.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { Clock } from '#io/world.ts';
import type { CallOptions, Kv } from '#kv/kv.ts';
import {
  type BlobFacts,
  readBlobFacts,
  readFiles,
  readVolumeRecords,
  type VolumeRecords,
} from '#namespace/blob-facts.ts';
import { GarbageQueue, type Orphan } from '#namespace/garbage-queue.ts';
import type { FileEntry } from '#namespace/records.ts';
import type { Logger } from '#observe/log.ts';
import type { BlobInVolume, ShardKey } from '#protocol/shards.ts';
import type { Extent } from '#protocol/volumes.ts';
import type { ShardStore } from '#storage/shard-store.ts';
import { Allowance } from '../allowance.ts';
import type { Duty } from '../duty.ts';

export interface FindOrphansDeps {
  readonly kv: Pick<Kv, 'range' | 'txn'>;
  readonly store: Pick<ShardStore, 'list' | 'delete'>;
  readonly map: Pick<ClusterMap, 'nodes' | 'sessionOf'>;
  readonly shards: Pick<ShardCalls, 'settled'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly isHeld: () => Promise<boolean>;
}

export interface FindOrphansOptions {
  readonly shardsPerStep: number;
  readonly shardsPerSecondMax: number;
  /** From the end of one walk over the store to the next. */
  readonly roundPauseMs: number;
  readonly kvTimeoutMs: number;
}

export const findOrphansDefaults: FindOrphansOptions = {
  shardsPerStep: 128,
  shardsPerSecondMax: 256,
  roundPauseMs: 60_000,
  kvTimeoutMs: 3000,
};

const deletesPerCall = 1024;
const askTimeoutMs = 2000;

/** Some shards of a blob in a volume, as this node holds them. */
interface Part extends BlobInVolume {
  readonly keys: ShardKey[];
}

export class FindOrphans implements Duty {
  readonly name = 'orphans';
  readonly #deps: FindOrphansDeps;
  readonly #options: FindOrphansOptions;
  readonly #queue: GarbageQueue;
  readonly #allowance: Allowance;
  #after: ShardKey | undefined;
  #nextRoundMs = 0;
  #looked = 0;
  #rounds = 0;
  #orphans = 0;
  #leftovers = 0;

  constructor(deps: FindOrphansDeps, options: Partial<FindOrphansOptions> = {}) {
    this.#deps = deps;
    this.#options = { ...findOrphansDefaults, ...options };
    this.#queue = new GarbageQueue(deps.kv);
    this.#allowance = new Allowance(deps.clock, this.#options.shardsPerSecondMax);
  }

  /** Since this process began: shards seen, walks ended, blobs and shards found to be garbage. */
  progress() {
    return {
      looked: this.#looked,
      rounds: this.#rounds,
      orphans: this.#orphans,
      leftovers: this.#leftovers,
    };
  }

  /** After an error the next call does the same page again. */
  async step(signal: AbortSignal): Promise<'busy' | 'idle'> {
    const { clock, store, isHeld } = this.#deps;
    const isTime = clock.now() >= this.#nextRoundMs && this.#allowance.isLeft;
    if (!isTime || (await isHeld())) return 'idle';
    const { shardsPerStep, roundPauseMs, kvTimeoutMs } = this.#options;
    const shards = store.list(this.#after, shardsPerStep);
    const keys = shards.map(({ key }) => key);
    this.#allowance.spend(keys.length);
    await this.#judge(partsOf(keys), { timeoutMs: kvTimeoutMs, signal });
    this.#looked += keys.length;
    this.#after = keys.at(-1);
    if (keys.length === shardsPerStep) return 'busy';
    this.#after = undefined;
    this.#rounds += 1;
    this.#nextRoundMs = clock.now() + roundPauseMs;
    return 'idle';
  }

  async #judge(parts: readonly Part[], options: CallOptions): Promise<void> {
    if (parts.length === 0) return;
    const { kv } = this.#deps;
    const blobs = [...new Set(parts.map(({ blob }) => blob))];
    const facts = await readBlobFacts(kv, blobs, options);
    const paths = [...facts.values()].flatMap(({ path }) => path ?? []);
    const files = await readFiles(kv, paths, options);
    const ids = parts.map(({ volume }) => volume);
    const volumes = await readVolumeRecords(kv, ids, options);
    const suspects: Part[] = [];
    for (const part of parts) {
      const known = facts.get(part.blob);
      if (known?.path !== undefined) await this.#tidyNamed(part, files.get(known.path), volumes);
      else if (known?.garbage !== undefined) await this.#tidyQueued(part, known.garbage, volumes);
      else suspects.push(part);
    }
    await this.#queueOrphans(suspects, options);
  }

  /**
   * The extents of a blob never change once it has a name, under whatever name they are read; and
   * its writer has done with it. So what they don't tell of belongs to nobody, now and ever.
   */
  async #tidyNamed(part: Part, file: FileEntry | undefined, volumes: VolumeRecords): Promise<void> {
    // Renamed since, or damaged: seen better in the next round.
    if (file?.record.blob !== part.blob) return;
    const { extents } = file.record;
    const isPart = (key: ShardKey) => extents.some((extent) => covers(extent, key));
    const leftover = part.keys.filter((key) => !isPart(key));
    if (leftover.length > 0) {
      await this.#deps.store.delete(leftover);
      this.#leftovers += leftover.length;
    }
    if (leftover.length < part.keys.length && !volumes.has(part.volume)) {
      const { volume, blob } = part;
      const fields = { volume, blob, path: file.path };
      this.#deps.log.error('the volume of a file has no record; its shards are kept', fields);
    }
  }

  /**
   * A blob in the queue is dead for good. Those who empty the queue go by its extents, and ask
   * members of volumes: what they don't come by is left to this node.
   */
  async #tidyQueued(
    part: Part,
    garbage: NonNullable<BlobFacts['garbage']>,
    volumes: VolumeRecords,
  ): Promise<void> {
    if (garbage === 'damaged') return;
    const isTold = garbage.extents.some(({ volume }) => volume === part.volume);
    if (!isTold || !volumes.has(part.volume)) await this.#deleteAll(part);
  }

  /** What the map thinks of sessions only spares transactions that would fail. */
  async #queueOrphans(suspects: readonly Part[], options: CallOptions): Promise<void> {
    const { map, log } = this.#deps;
    const writers = new Map(map.nodes().map(({ id }) => [map.sessionOf(id), id]));
    const orphans = new Map<BlobId, Orphan>();
    const asked = new Map<NodeId, Part[]>();
    for (const part of suspects) {
      const writer = writers.get(sessionOfBlob(part.blob));
      if (writer === undefined) orphans.set(part.blob, { ...part, isSettled: false });
      else asked.set(writer, [...(asked.get(writer) ?? []), part]);
    }
    for (const [writer, parts] of asked) {
      const settled = await this.#settled(writer, parts, options);
      for (const part of parts) {
        if (settled.has(part.blob)) orphans.set(part.blob, { ...part, isSettled: true });
      }
    }
    const queued = await this.#queue.add([...orphans.values()], options);
    for (const blob of queued) {
      log.info('a blob that never got a name, or lost it, is garbage', { blob });
      this.#orphans += 1;
      // No read can be under way: there was no name, and none in the queue.
      await this.#deleteAll(orphans.get(blob) as Orphan);
    }
  }

  /** None if the writer can't be asked now: the next walk comes by again. */
  async #settled(
    writer: NodeId,
    parts: readonly Part[],
    { signal }: CallOptions,
  ): Promise<ReadonlySet<BlobId>> {
    const { shards, log } = this.#deps;
    const blobs = [...new Set(parts.map(({ blob }) => blob))];
    const options = { timeoutMs: askTimeoutMs, ...(signal && { signal }) };
    try {
      return await shards.settled(writer, blobs, options);
    } catch (error) {
      const { code, message } = asDftfsError(error);
      log.debug('a writer of blobs without a name did not answer', { writer, code, message });
      return new Set();
    }
  }

  async #deleteAll({ volume, blob }: { volume: VolumeId; blob: BlobId }): Promise<void> {
    const { store } = this.#deps;
    let after: ShardKey | undefined;
    do {
      const keys = store.list(after, deletesPerCall, { volume, blob }).map(({ key }) => key);
      await store.delete(keys);
      after = keys.length === deletesPerCall ? keys.at(-1) : undefined;
    } while (after !== undefined);
  }
}

function partsOf(keys: readonly ShardKey[]): Part[] {
  const parts: Part[] = [];
  for (const key of keys) {
    const last = parts.at(-1);
    if (last?.volume === key.volume && last.blob === key.blob) last.keys.push(key);
    else parts.push({ volume: key.volume, blob: key.blob, keys: [key] });
  }
  return parts;
}

const covers = ({ volume, first, count }: Extent, key: ShardKey): boolean =>
  key.volume === volume && key.stripe >= first && key.stripe < first + count;
