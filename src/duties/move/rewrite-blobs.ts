/**
 * Empties volumes that are too wide for the nodes that are left, least margin first: seals each,
 * then has its blobs written anew elsewhere, one by one. Each member that lives sees to its share;
 * a hint, for two that move the same blob do no harm. All of it can be cut off anywhere and begun
 * again: a blob is either moved or still where it was.
 */
import { asDftfsError } from '#base/errors.ts';
import type { BlobId, NodeId, VolumeId } from '#base/ids.ts';
import type { ShardCalls } from '#blob/shard-calls.ts';
import { swapVolume } from '#blob/swap-volume.ts';
import type { ClusterMap, KnownVolume } from '#cluster/cluster-map.ts';
import type { Clock, Timers } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import { marginOf, readableMembers, type VolumeRecord } from '#protocol/volumes.ts';
import { slotMax, stripeMax } from '#storage/shard-key.ts';
import type { Brake } from '../brake.ts';
import { Breather } from '../breather.ts';
import type { Duty } from '../duty.ts';
import type { Absence } from '../repair/absence.ts';
import { VolumeRests } from '../volume-rests.ts';
import type { BlobRewriter } from './blob-rewriter.ts';
import { volumesToEmpty } from './plan-moves.ts';

export interface RewriteBlobsDeps {
  readonly self: NodeId;
  readonly kv: Pick<Kv, 'txn'>;
  readonly map: ClusterMap;
  readonly absence: Pick<Absence, 'longerThan'>;
  readonly shards: Pick<ShardCalls, 'list'>;
  readonly rewriter: Pick<BlobRewriter, 'rewrite' | 'bytes'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly brake: Pick<Brake, 'restMs'>;
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
/** Blobs of others passed over in one step. */
const looksMax = 256;

/** Ids end in random digits. */
const shareOf = (blob: BlobId): number => Number.parseInt(blob.slice(-8), 16);

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

  async step(signal: AbortSignal): Promise<'busy' | 'rested' | 'idle'> {
    const volume = this.#next();
    if (volume === undefined) return 'idle';
    const { record } = volume;
    if (record.state === 'open') {
      const sealed = { ...record, state: 'sealed' } as const;
      const isSealed = await swapVolume(this.#deps, volume, sealed, { signal });
      if (isSealed) this.#deps.log.info('volume is to be emptied', { volume: record.id });
      return isSealed ? 'busy' : 'idle';
    }
    const breather = new Breather({ ...this.#deps, isPatient: this.#canLoseOneMore(record) });
    await this.#advance(record, breather, signal);
    await breather.rest(signal);
    return 'rested';
  }

  #canLoseOneMore(record: VolumeRecord): boolean {
    return marginOf(record, (node) => this.#deps.map.isLive(node)) > 0;
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
    const { self } = this.#deps;
    return this.#toEmpty().find(
      ({ record }) => this.#sharers(record).includes(self) && !this.#rests.rests(record.id),
    );
  }

  /** Members that hold all that is in the volume, and live. */
  #sharers(record: VolumeRecord): readonly NodeId[] {
    const { map } = this.#deps;
    return readableMembers(record, (node) => map.isLive(node));
  }

  async #advance(record: VolumeRecord, breather: Breather, signal: AbortSignal): Promise<void> {
    if (this.#pass?.volume !== record.id) {
      this.#pass = { volume: record.id, after: undefined, tries: 0 };
    }
    const pass = this.#pass;
    const { self } = this.#deps;
    for (let looked = 0; looked < looksMax; looked++) {
      const sharers = this.#sharers(record);
      const blob = await this.#blobAfter(record.id, pass.after, sharers, signal);
      if (blob === undefined) {
        this.#pass = undefined;
        this.#passes += 1;
        this.#rests.begin(record.id);
        return;
      }
      const isOwn = sharers[shareOf(blob) % sharers.length] === self;
      if (isOwn) await this.#rewrite(pass, blob, breather, signal);
      pass.after = blob;
      pass.tries = 0;
      if (isOwn) return;
    }
  }

  /** Of the blobs that a member holds something of; in each pass another member. */
  async #blobAfter(
    volume: VolumeId,
    last: BlobId | undefined,
    sharers: readonly NodeId[],
    signal: AbortSignal,
  ): Promise<BlobId | undefined> {
    const { shards, self } = this.#deps;
    const node = sharers[(sharers.indexOf(self) + this.#passes) % sharers.length];
    if (node === undefined) return undefined;
    const after = last && { volume, blob: last, stripe: stripeMax, slot: slotMax };
    const options = { timeoutMs: listTimeoutMs, signal };
    const [held] = await shards.list(node, volume, after, 1, options);
    return held?.key.blob;
  }

  /** Rejects if it is to be tried again. */
  async #rewrite(pass: Pass, blob: BlobId, breather: Breather, signal: AbortSignal): Promise<void> {
    const { rewriter, log } = this.#deps;
    try {
      if (await rewriter.rewrite(blob, pass.volume, breather, signal)) this.#blobs += 1;
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
