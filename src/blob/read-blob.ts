/** The reading side: stripes in order, a few ahead, all checked. */
import { crc32 } from 'node:zlib';
import { DftfsError, isCode } from '#base/errors.ts';
import type { BlobId, NodeId, VolumeId } from '#base/ids.ts';
import { stripeBytes } from '#base/limits.ts';
import type { ClusterMap, KnownVolume } from '#cluster/cluster-map.ts';
import type { World } from '#io/world.ts';
import type { Kv } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import { volumeKey } from '#protocol/keys.ts';
import { decodeVolume } from '#protocol/volumes.ts';
import { type Body, bodyLength } from '#rpc/rpc.ts';
import type { BlobReader, BlobSource, ReadOptions } from './blob.ts';
import type { ReadMetrics } from './read-metrics.ts';
import type { ShardCalls } from './shard-calls.ts';
import { ShardFetcher, type ShardFetcherOptions } from './shard-fetcher.ts';
import { gatherStripe, TooFewShards } from './stripe-gather.ts';
import { type StripeRange, stripeRanges } from './stripes.ts';
import { ByteGate, canceled, mapChange, throwIfAborted } from './waits.ts';

export interface BlobReaderDeps {
  readonly shards: ShardCalls;
  readonly map: ClusterMap;
  readonly kv: Pick<Kv, 'get'>;
  /** This process's own node. */
  readonly self: NodeId;
  readonly world: Pick<World, 'clock' | 'timers' | 'random'>;
  readonly log: Logger;
  readonly metrics?: ReadMetrics | undefined;
}

export interface BlobReaderOptions extends ShardFetcherOptions {
  /** Stripes of one read under way or waiting to be taken. */
  readonly window: number;
  /** Of all reads, beyond the one stripe that each needs next. */
  readonly aheadBytesMax: number;
  /** Give up on a stripe that couldn't be had for so long. */
  readonly patienceMs: number;
  readonly retryPauseMs: number;
  readonly lookupTimeoutMs: number;
}

export const blobReaderDefaults: BlobReaderOptions = {
  window: 4,
  aheadBytesMax: 64 * stripeBytes,
  patienceMs: 4000,
  retryPauseMs: 100,
  lookupTimeoutMs: 1000,
  deadline: { floorMs: 800, ceilingMs: 2000 },
  hedge: { floorMs: 30, ceilingMs: 1000 },
  hedgeShare: 0.1,
  hedgeBurst: 16,
};

export function createBlobReader(
  deps: BlobReaderDeps,
  options: Partial<BlobReaderOptions> = {},
): BlobReader {
  const reader = new Reader(deps, { ...blobReaderDefaults, ...options });
  return { read: (source, start, end, options) => reader.read(source, start, end, options) };
}

/** Made once: the default reason would be built with a stack each time. */
const readIsOver = new DftfsError('canceled', 'The read is over.');

class Reader {
  readonly #deps: BlobReaderDeps;
  readonly #options: BlobReaderOptions;
  readonly #fetcher: ShardFetcher;
  readonly #ahead: ByteGate;

  constructor(deps: BlobReaderDeps, options: BlobReaderOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#fetcher = new ShardFetcher(deps, options);
    this.#ahead = new ByteGate(options.aheadBytesMax);
  }

  async *read(
    source: BlobSource,
    start: number,
    end: number,
    options: ReadOptions,
  ): AsyncGenerator<Buffer, void, undefined> {
    const { signal } = options;
    const isWhole = start === 0 && end === source.size;
    let crc = 0;
    let held: Buffer | undefined;
    const inOneStripe = Math.ceil(end / stripeBytes) - Math.floor(start / stripeBytes) <= 1;
    const bodies = inOneStripe ? this.#oneBody : this.#bodies;
    let from = source;
    let at = start;
    for (let isDone = false; !isDone; ) {
      try {
        for await (const body of bodies.call(this, from, at, end, signal)) {
          for (const chunk of body) {
            if (isWhole) crc = crc32(chunk, crc);
            if (held) yield held;
            held = chunk;
          }
          at += bodyLength(body);
        }
        isDone = true;
      } catch (error) {
        from = await follow(from, error, options);
      }
    }
    if (isWhole && crc !== source.crc) throw damaged(source.blob);
    if (held) yield held;
  }

  /**
   * The range lies in one stripe, as that of every small file does: there is nothing to read ahead.
   */
  async *#oneBody(
    source: BlobSource,
    start: number,
    end: number,
    signal: AbortSignal,
  ): AsyncGenerator<Body, void, undefined> {
    for (const range of stripeRanges(source, start, end)) {
      yield await this.#stripe(source.blob, range, signal);
    }
  }

  /** What each stripe has of the range, in order. */
  async *#bodies(
    source: BlobSource,
    start: number,
    end: number,
    signal: AbortSignal,
  ): AsyncGenerator<Body, void, undefined> {
    const abort = new AbortController();
    const forward = () => abort.abort(canceled(signal));
    signal.addEventListener('abort', forward);
    if (signal.aborted) forward();
    const ranges = stripeRanges(source, start, end);
    const queue: { readonly body: Promise<Body>; readonly ahead: number }[] = [];
    const ask = () => {
      while (queue.length < this.#options.window) {
        const isNeeded = queue.length === 0;
        if (!isNeeded && !this.#ahead.tryEnter(stripeBytes)) return;
        const ahead = isNeeded ? 0 : stripeBytes;
        const { value: range } = ranges.next();
        if (!range) return this.#ahead.leave(ahead);
        const body = this.#stripe(source.blob, range, abort.signal);
        body.catch(() => {});
        queue.push({ body, ahead });
      }
    };
    try {
      for (ask(); queue.length > 0; queue.shift(), ask()) {
        const [first] = queue;
        yield (await first?.body) ?? [];
        this.#ahead.leave(first?.ahead ?? 0);
      }
    } finally {
      signal.removeEventListener('abort', forward);
      abort.abort(readIsOver);
      for (const { ahead } of queue) this.#ahead.leave(ahead);
    }
  }

  /** One stripe's part, tried again while there is hope. */
  async #stripe(blob: BlobId, range: StripeRange, signal: AbortSignal): Promise<Body> {
    const { map, world, log } = this.#deps;
    const { patienceMs, retryPauseMs } = this.#options;
    const deadline = world.clock.now() + patienceMs;
    let volume = map.volume(range.stripe.volume);
    for (let isFresh = false; ; isFresh = true) {
      throwIfAborted(signal);
      if (!volume || isFresh) volume = (await this.#lookup(range.stripe.volume, signal)) ?? volume;
      try {
        if (volume) return await gatherStripe(this.#parts(), blob, volume.record, range, signal);
      } catch (error) {
        throwIfAborted(signal);
        if (!(error instanceof TooFewShards)) throw error;
        log.warn('a stripe has too few shards', { blob, stripe: range.stripe.number, error });
        if (error.damaged && isFresh) throw damaged(blob);
        if (error.damaged) continue;
      }
      const left = deadline - world.clock.now();
      if (left <= 0) throw unavailable(blob);
      await mapChange(map, Math.min(left, retryPauseMs), world.timers, signal);
    }
  }

  #parts() {
    const { map, world } = this.#deps;
    return { map, world, fetcher: this.#fetcher };
  }

  /** As the names have it now; undefined: they can't say. */
  async #lookup(id: VolumeId, signal: AbortSignal): Promise<KnownVolume | undefined> {
    const { kv, map, log } = this.#deps;
    try {
      const timeoutMs = this.#options.lookupTimeoutMs;
      const entry = await kv.get(volumeKey(id), { timeoutMs, signal });
      if (!entry) return undefined;
      const volume = { record: decodeVolume(entry.value), revision: entry.modRevision };
      map.learnVolume(volume);
      return volume;
    } catch (error) {
      log.warn('a volume could not be looked up', { volume: id, error });
      return undefined;
    }
  }
}

/** Where the content has been moved to; throws the error if it hasn't. */
async function follow(
  source: BlobSource,
  error: unknown,
  { moved, signal }: ReadOptions,
): Promise<BlobSource> {
  const isOutOfReach = isCode(error, 'data_damaged', 'data_unavailable');
  const now = isOutOfReach && !signal.aborted ? await moved?.(source.blob) : undefined;
  if (now === undefined || now.blob === source.blob) throw error;
  return now;
}

const damaged = (blob: BlobId) =>
  new DftfsError('data_damaged', `Bytes of blob ${blob} are lost or damaged beyond repair.`);

const unavailable = (blob: BlobId) =>
  new DftfsError(
    'data_unavailable',
    `Too many nodes that hold blob ${blob} cannot be reached; try again when they are back.`,
  );
