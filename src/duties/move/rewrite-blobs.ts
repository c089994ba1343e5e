/**
 * Empties volumes that are too wide for the nodes that are left: seals each, then takes its blobs
 * one by one and has them written anew elsewhere, least margin first. All it does can be cut off
 * anywhere and begun again: a blob is either moved or still where it was.
 */
import { asDftfsError } from '#base/errors.ts';
import type { BlobId, NodeId, VolumeId } from '#base/ids.ts';
import type { ShardCalls } from '#blob/shard-calls.ts';
import type { ClusterMap, KnownVolume } from '#cluster/cluster-map.ts';
import type { Clock } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import { readableSlots, type VolumeRecord } from '#protocol/volumes.ts';
import { slotMax, stripeMax } from '#storage/shard-key.ts';
import type { Duty } from '../duty.ts';
import type { Absence } from '../repair/absence.ts';
import { swapVolume } from '../swap-volume.ts';
import type { BlobRewriter } from './blob-rewriter.ts';
import { isOwnShare, volumesToEmpty } from './plan-moves.ts';
import { VolumeRests } from './volume-rests.ts';

export interface RewriteBlobsDeps {
  readonly self: NodeId;
  readonly kv: Pick<Kv, 'txn'>;
  readonly map: ClusterMap;
  readonly absence: Pick<Absence, 'longerThan'>;
  readonly shards: Pick<ShardCalls, 'list'>;
  readonly rewriter: Pick<BlobRewriter, 'rewrite' | 'bytes'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface RewriteBlobsOptions {
  /** How long a dead node may stay away before its volumes are emptied. */
  readonly delayMs: number;
  /** From one pass over a volume's blobs to the next, for those that got a name meanwhile. */
  readonly passPauseMs: number;
}

const listTimeoutMs = 3000;
/** Then the other blobs go first. */
const triesMax = 3;

/** Where the pass over a volume's blobs is. */
interface Pass {
  readonly volume: VolumeId;
  after: BlobId | undefined;
  /** Of the blob behind `after`, that came to nothing. */
  tries: number;
}

export class RewriteBlobs implements Duty {
  readonly name = 'move: blobs';
  readonly #deps: RewriteBlobsDeps;
  readonly #options: RewriteBlobsOptions;
  readonly #rests: VolumeRests;
  #pass: Pass | undefined;
  #passes = 0;
  #blobs = 0;
  #failed = 0;

  constructor(deps: RewriteBlobsDeps, options: RewriteBlobsOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#rests = new VolumeRests(deps.clock, options.passPauseMs);
  }

  async step(signal: AbortSignal): Promise<'busy' | 'idle'> {
    const volume = this.#next();
    if (volume === undefined) return 'idle';
    const { record } = volume;
    if (record.state === 'open') {
      const isSealed = await swapVolume(this.#deps, volume, { ...record, state: 'sealed' }, signal);
      if (isSealed) this.#deps.log.info('volume is to be emptied', { volume: record.id });
      return isSealed ? 'busy' : 'idle';
    }
    await this.#advance(record, signal);
    return 'busy';
  }

  /** `volumes`: to be emptied, by all nodes together. `failed`: blobs that couldn't be moved. */
  progress() {
    return {
      volumes: this.#toEmpty().length,
      ...(this.#pass === undefined ? {} : { volume: this.#pass.volume }),
      blobs: this.#blobs,
      bytes: this.#deps.rewriter.bytes,
      failed: this.#failed,
    };
  }

  #toEmpty(): readonly KnownVolume[] {
    const { map, absence } = this.#deps;
    return volumesToEmpty({
      volumes: map.volumes(),
      staying: map.nodes().flatMap(({ id, draining }) => (draining ? [] : [id])),
      away: absence.longerThan(0),
      overdue: absence.longerThan(this.#options.delayMs),
    });
  }

  #next(): KnownVolume | undefined {
    const { map, self } = this.#deps;
    return this.#toEmpty().find(
      ({ record }) => isOwnShare(record, map, self) && !this.#rests.rests(record.id),
    );
  }

  async #advance(record: VolumeRecord, signal: AbortSignal): Promise<void> {
    if (this.#pass?.volume !== record.id) {
      this.#pass = { volume: record.id, after: undefined, tries: 0 };
    }
    const pass = this.#pass;
    const blob = await this.#blobAfter(record, pass.after, signal);
    if (blob === undefined) {
      this.#pass = undefined;
      this.#passes += 1;
      this.#rests.begin(record.id);
      return;
    }
    await this.#rewrite(pass, blob, signal);
    pass.after = blob;
    pass.tries = 0;
  }

  /** Of the blobs that a member holds something of; in each pass another member. */
  async #blobAfter(
    record: VolumeRecord,
    last: BlobId | undefined,
    signal: AbortSignal,
  ): Promise<BlobId | undefined> {
    const { map, shards } = this.#deps;
    const sources = readableSlots(record, (node) => map.isLive(node));
    const slot = sources[this.#passes % sources.length];
    if (slot === undefined) return undefined;
    const { id: volume, members } = record;
    const after = last && { volume, blob: last, stripe: stripeMax, slot: slotMax };
    const options = { timeoutMs: listTimeoutMs, signal };
    const [held] = await shards.list(members[slot] as NodeId, volume, after, 1, options);
    return held?.key.blob;
  }

  /** Rejects if it is to be tried again. */
  async #rewrite(pass: Pass, blob: BlobId, signal: AbortSignal): Promise<void> {
    const { rewriter, log } = this.#deps;
    try {
      if (await rewriter.rewrite(blob, pass.volume, signal)) this.#blobs += 1;
    } catch (error) {
      pass.tries += 1;
      if (signal.aborted) throw error;
      const { code, message, retry } = asDftfsError(error);
      if (retry && code !== 'data_unavailable' && pass.tries < triesMax) throw error;
      this.#failed += 1;
      log.warn('a blob could not be moved', { blob, volume: pass.volume, code, message });
    }
  }
}
