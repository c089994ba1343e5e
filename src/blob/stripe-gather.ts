/**
 * Gets a range of one stripe from the members of its volume. First the very shards that hold it,
 * and nothing else; when one of those fails or is late, the same range of any k shards, and
 * decodes. Where members are too few, former ones are asked.
 */
import { DftfsError } from '#base/errors.ts';
import type { BlobId, NodeId } from '#base/ids.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import { codingBlockBytes, decodeShard, shardBytes } from '#erasure/reed-solomon.ts';
import type { World } from '#io/world.ts';
import type { ShardKey } from '#protocol/shards.ts';
import { slotInKeys, type VolumeRecord } from '#protocol/volumes.ts';
import type { Body } from '#rpc/rpc.ts';
import { formerHolders } from './former-members.ts';
import { FetchError, type FetchFailure, type ShardFetcher } from './shard-fetcher.ts';
import type { StripeRange } from './stripes.ts';

export interface GatherDeps {
  readonly fetcher: ShardFetcher;
  readonly map: ClusterMap;
  readonly world: Pick<World, 'timers'>;
}

/** Bytes of a shard. */
interface Span {
  readonly start: number;
  readonly end: number;
}

interface Fetch {
  readonly span: Span;
  readonly body: Promise<Body>;
  done: boolean;
}

/** Too few good shards. `damaged`: there can't be enough, whoever comes back. */
export class TooFewShards extends Error {
  readonly damaged: boolean;

  constructor(damaged: boolean) {
    super('too few shards');
    this.damaged = damaged;
  }
}

/** Made once: the default reason would be built with a stack each time. */
const stripeIsHere = new DftfsError('canceled', 'Other shards were quicker.');

/** Rejects with TooFewShards. */
export async function gatherStripe(
  deps: GatherDeps,
  blob: BlobId,
  volume: VolumeRecord,
  range: StripeRange,
  signal: AbortSignal,
): Promise<Body> {
  const gather = new Gather(deps, blob, volume, range, signal);
  try {
    return await gather.run();
  } catch (error) {
    signal.throwIfAborted();
    const body = error instanceof TooFewShards ? await gather.askFormerMembers() : undefined;
    if (body === undefined) throw error;
    return body;
  } finally {
    gather.end();
  }
}

class Gather {
  readonly #deps: GatherDeps;
  readonly #blob: BlobId;
  readonly #volume: VolumeRecord;
  readonly #range: StripeRange;
  readonly #signal: AbortSignal;
  readonly #fetches = new Map<number, Fetch>();
  readonly #failures = new Map<number, FetchFailure>();
  #abort: AbortController | undefined;

  constructor(
    deps: GatherDeps,
    blob: BlobId,
    volume: VolumeRecord,
    range: StripeRange,
    signal: AbortSignal,
  ) {
    this.#deps = deps;
    this.#blob = blob;
    this.#volume = volume;
    this.#range = range;
    this.#signal = signal;
  }

  async run(): Promise<Body> {
    const { code } = this.#volume;
    if (code.k === 1) return await this.#copy();
    const parts = shardSpans(this.#range, code.k);
    if (![...parts.keys()].every((slot) => this.#isGood(slot))) return await this.#decode(parts);
    const direct = Promise.all([...parts].map(([slot, span]) => this.#fetch(slot, span)));
    const second = this.#secondThought(direct).then((late) => this.#decode(parts, late));
    try {
      return await Promise.any([direct.then((bodies) => bodies.flat()), second]);
    } catch {
      throw this.#tooFew();
    }
  }

  /** After `run` has failed; undefined: not enough there either. */
  async askFormerMembers(): Promise<Body | undefined> {
    const { map, fetcher } = this.#deps;
    const { code } = this.#volume;
    const parts = shardSpans(this.#range, code.k);
    const span = code.k === 1 ? this.#range : this.#hullOf(parts);
    const got = new Map<number, Body>();
    for (const [slot, { done }] of this.#fetches) {
      if (done) got.set(slot, await this.#fetch(slot, span));
    }
    const { start, end } = span;
    for (const { node, slot } of formerHolders(map, this.#volume)) {
      if (got.size >= code.k) break;
      if (got.has(slot)) continue;
      const signal = this.#fetchSignal();
      const asked = fetcher.fetch(node, this.#key(slot), start, end - start, signal);
      const body = await asked.catch(() => undefined);
      if (body !== undefined) got.set(slot, body);
    }
    if (got.size < code.k) return undefined;
    return code.k === 1 ? [...got.values()][0] : this.#decoded(parts, span, got);
  }

  /** Nobody waits any more for what is still under way. */
  end(): void {
    if (this.#abort === undefined) return;
    this.#signal.removeEventListener('abort', this.#forward);
    this.#abort.abort(stripeIsHere);
  }

  readonly #forward = (): void => this.#abort?.abort(this.#signal.reason);

  /**
   * Of the next fetch. The first copy does with the caller's: it comes, nearly always, or its
   * deadline does, and a signal of its own would cost as much as all else here.
   */
  #fetchSignal(): AbortSignal {
    if (this.#volume.code.k === 1 && this.#fetches.size === 0) return this.#signal;
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      this.#signal.addEventListener('abort', this.#forward);
      if (this.#signal.aborted) this.#forward();
    }
    return this.#abort.signal;
  }

  async #copy(): Promise<Body> {
    const got = await this.#collect(this.#order(false), 1, this.#range);
    const [body = []] = got.values();
    return body;
  }

  /** Resolves when another way is called for: false, a shard failed; true, one is late. */
  #secondThought(direct: Promise<unknown>): Promise<boolean> {
    const { fetcher, world } = this.#deps;
    return new Promise((resolve) => {
      const timer = world.timers.after(fetcher.hedgeDelayMs, () => {
        if (fetcher.takeHedge()) resolve(true);
      });
      direct.catch(() => resolve(false)).finally(() => timer.cancel());
    });
  }

  async #decode(parts: ReadonlyMap<number, Span>, late = false): Promise<Body> {
    const span = this.#hullOf(parts);
    const got = await this.#collect(this.#order(late), this.#volume.code.k, span);
    return this.#decoded(parts, span, got);
  }

  #hullOf(parts: ReadonlyMap<number, Span>): Span {
    return hull([...parts.values()], shardBytes(this.#range.stripe.length, this.#volume.code.k));
  }

  #decoded(parts: ReadonlyMap<number, Span>, span: Span, got: ReadonlyMap<number, Body>): Body {
    const { code } = this.#volume;
    const others = new Map([...got].map(([slot, body]) => [slot, oneBuffer(body)]));
    return [...parts].map(([slot, { start, end }]) => {
      const shard = others.get(slot) ?? decodeShard(code, others, slot);
      return shard.subarray(start - span.start, end - span.start);
    });
  }

  /**
   * The span of any `need` of the slots, asked in order; the next one for each that fails or is
   * late.
   */
  async #collect(
    order: readonly number[],
    need: number,
    span: Span,
  ): Promise<ReadonlyMap<number, Body>> {
    const { fetcher, world } = this.#deps;
    const got = new Map<number, Body>();
    const waiting = [...order];
    let running = 0;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const askNext = () => {
      const slot = waiting.shift() as number;
      running += 1;
      const done = (body: Body | undefined) => {
        if (body !== undefined) got.set(slot, body);
        running -= 1;
        proceed();
      };
      this.#fetch(slot, span).then(done, () => done(undefined));
    };
    const proceed = () => {
      if (got.size >= need) return resolve();
      while (waiting.length > 0 && got.size + running < need) askNext();
      if (running === 0) reject(this.#tooFew());
    };
    const hedge = () => {
      if (waiting.length > 0 && running > 0 && fetcher.takeHedge()) askNext();
      timer = world.timers.after(fetcher.hedgeDelayMs, hedge);
    };
    let timer = world.timers.after(fetcher.hedgeDelayMs, hedge);
    proceed();
    try {
      await promise;
    } finally {
      timer.cancel();
    }
    return got.size === need ? got : new Map([...got].slice(0, need));
  }

  #fetch(slot: number, span: Span): Promise<Body> {
    const known = this.#fetches.get(slot);
    if (known && covers(known.span, span)) {
      return known.body.then((body) => cut(body, span, known.span.start));
    }
    const { start, end } = span;
    const node = this.#node(slot);
    const signal = this.#fetchSignal();
    const body = this.#deps.fetcher.fetch(node, this.#key(slot), start, end - start, signal);
    const fetch: Fetch = { span, body, done: false };
    this.#fetches.set(slot, fetch);
    body.then(
      () => {
        fetch.done = true;
      },
      (error: unknown) => this.#fail(slot, error),
    );
    return body;
  }

  #key(slot: number): ShardKey {
    const { id: volume, code } = this.#volume;
    const { number: stripe } = this.#range.stripe;
    return { volume, blob: this.#blob, stripe, slot: slotInKeys(code, slot) };
  }

  #fail(slot: number, error: unknown): void {
    const isDamaged = error instanceof FetchError && error.failure === 'damaged';
    // A shard that is yet to be rebuilt isn't lost.
    const counts = isDamaged && !this.#volume.rebuilding.includes(slot);
    this.#failures.set(slot, counts ? 'damaged' : 'unreachable');
  }

  /**
   * Slots still worth asking: what is here already, our own, those with least to do; the doubtful
   * last.
   */
  #order(late: boolean): number[] {
    const { fetcher } = this.#deps;
    const { k } = this.#volume.code;
    const slots = this.#volume.members.map((_, slot) => slot);
    const rankOf = (slot: number): number => {
      const fetch = this.#fetches.get(slot);
      if (fetch?.done) return -3;
      if (fetch) return late ? 1e6 : -2;
      if (!this.#isGood(slot)) return this.#isLive(slot) ? 1e7 : 1e8;
      if (this.#node(slot) === fetcher.self) return -1;
      const decoding = k > 1 && slot >= k ? 0.5 : 0;
      return fetcher.burden(this.#node(slot)) + decoding;
    };
    const open = slots.filter((slot) => !this.#failures.has(slot));
    const ranks = new Map(open.map((slot) => [slot, rankOf(slot)]));
    return open.sort((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
  }

  #isGood(slot: number): boolean {
    return this.#isLive(slot) && !this.#volume.rebuilding.includes(slot);
  }

  #isLive(slot: number): boolean {
    return this.#deps.map.isLive(this.#node(slot));
  }

  #node(slot: number): NodeId {
    return this.#volume.members[slot] as NodeId;
  }

  #tooFew(): TooFewShards {
    const damaged = [...this.#failures.values()].filter((failure) => failure === 'damaged').length;
    return new TooFewShards(this.#volume.members.length - damaged < this.#volume.code.k);
  }
}

/** Which parts of which data shards hold the range. */
function shardSpans({ stripe, start, end }: StripeRange, k: number): ReadonlyMap<number, Span> {
  const size = shardBytes(stripe.length, k);
  const spans = new Map<number, Span>();
  for (let slot = Math.floor(start / size); slot * size < end; slot++) {
    const offset = slot * size;
    spans.set(slot, { start: Math.max(0, start - offset), end: Math.min(size, end - offset) });
  }
  return spans;
}

/** The least span of whole coding blocks around all of them. */
function hull(spans: readonly Span[], size: number): Span {
  const start = Math.min(...spans.map((span) => span.start));
  const end = Math.max(...spans.map((span) => span.end));
  return {
    start: Math.floor(start / codingBlockBytes) * codingBlockBytes,
    end: Math.min(size, Math.ceil(end / codingBlockBytes) * codingBlockBytes),
  };
}

const covers = (outer: Span, inner: Span): boolean =>
  outer.start <= inner.start && outer.end >= inner.end;

/** The part of a body, which begins at `offset` of its shard, that is `span`. */
function cut(body: Body, span: Span, offset: number): Body {
  const parts: Buffer[] = [];
  let at = offset;
  for (const part of body) {
    const piece = part.subarray(Math.max(0, span.start - at), Math.max(0, span.end - at));
    if (piece.length > 0) parts.push(piece);
    at += part.length;
  }
  return parts;
}

/** In one piece that begins at a word of memory: xor is slow otherwise. */
export function oneBuffer(body: Body): Buffer {
  const [first] = body;
  if (first && body.length === 1 && first.byteOffset % 8 === 0) return first;
  return Buffer.concat(body);
}
