/**
 * Fetches ranges of shards, checks them, and keeps what is known about how quick nodes are lately.
 */
import { isCode } from '#base/errors.ts';
import type { NodeId } from '#base/ids.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { World } from '#io/world.ts';
import type { ShardKey } from '#protocol/shards.ts';
import { type Body, bodyLength } from '#rpc/rpc.ts';
import { type DeadlineBounds, Pace } from './pace.ts';
import type { ReadMetrics } from './read-metrics.ts';
import type { ShardCalls } from './shard-calls.ts';
import { crcOf } from './stripe-sender.ts';

export interface ShardFetcherDeps {
  readonly shards: ShardCalls;
  readonly map: Pick<ClusterMap, 'suspect'>;
  /** This process's own node. */
  readonly self: NodeId;
  readonly world: Pick<World, 'clock' | 'timers' | 'random'>;
  readonly metrics?: ReadMetrics | undefined;
}

export interface ShardFetcherOptions {
  readonly deadline: DeadlineBounds;
  /** How long a shard may take before another is asked for in its place. */
  readonly hedge: DeadlineBounds;
  /** Extra requests, as a share of all; and how many at most at once after a quiet time. */
  readonly hedgeShare: number;
  readonly hedgeBurst: number;
}

/**
 * 'damaged': the node says that what it has is no good. 'garbled': what came isn't what its own
 * checksum says, so it turned over on the way. 'unreachable': who knows.
 */
export type FetchFailure = 'damaged' | 'garbled' | 'unreachable';

export class FetchError extends Error {
  readonly failure: FetchFailure;

  constructor(failure: FetchFailure, cause: unknown) {
    super(`shard ${failure}`, { cause });
    this.failure = failure;
  }
}

/** Requests to a node in flight that make it no less welcome than one with none. */
const crowd = 4;
/** How long one node is preferred among equals. */
const favourMs = 10;

export class ShardFetcher {
  readonly self: NodeId;
  readonly #deps: ShardFetcherDeps;
  readonly #options: ShardFetcherOptions;
  readonly #pace = new Pace();
  readonly #inFlight = new Map<NodeId, number>();
  readonly #favours = new Map<NodeId, number>();
  #favoursUntil = Number.NEGATIVE_INFINITY;
  #hedges: number;

  constructor(deps: ShardFetcherDeps, options: ShardFetcherOptions) {
    this.self = deps.self;
    this.#deps = deps;
    this.#options = options;
    this.#hedges = options.hedgeBurst;
  }

  /**
   * How little a node is welcome as the next to be asked. Those with about the same to do are
   * preferred in turn, for a while each: what is asked in one breath leaves in one message.
   */
  burden(node: NodeId): number {
    return Math.floor(this.#inFlightTo(node) / crowd) + this.#favour(node);
  }

  #favour(node: NodeId): number {
    const { clock, random } = this.#deps.world;
    const now = clock.now();
    if (now >= this.#favoursUntil) {
      this.#favours.clear();
      this.#favoursUntil = now + favourMs;
    }
    const known = this.#favours.get(node);
    if (known !== undefined) return known;
    const favour = random.float();
    this.#favours.set(node, favour);
    return favour;
  }

  #inFlightTo(node: NodeId): number {
    return this.#inFlight.get(node) ?? 0;
  }

  get hedgeDelayMs(): number {
    return this.#pace.wait(3, this.#options.hedge);
  }

  /** True: the budget allows one more extra request. */
  takeHedge(): boolean {
    const { metrics } = this.#deps;
    if (this.#hedges < 1) {
      metrics?.hedgesRefused.add();
      return false;
    }
    metrics?.hedges.add();
    this.#hedges -= 1;
    return true;
  }

  /** Rejects with a FetchError. */
  async fetch(
    node: NodeId,
    key: ShardKey,
    offset: number,
    length: number,
    signal: AbortSignal,
  ): Promise<Body> {
    const { shards, world, metrics } = this.#deps;
    metrics?.fetches.add();
    const { hedgeShare, hedgeBurst, deadline } = this.#options;
    this.#hedges = Math.min(hedgeBurst, this.#hedges + hedgeShare);
    this.#inFlight.set(node, this.#inFlightTo(node) + 1);
    const started = world.clock.now();
    const timeoutMs = this.#pace.wait(4, deadline);
    try {
      const { body, crc } = await shards.read(node, key, offset, length, { timeoutMs, signal });
      this.#pace.add(world.clock.now() - started);
      if (bodyLength(body) === length && crcOf(body) === crc) return body;
    } catch (error) {
      const failure = this.#judge(node, error, signal);
      if (!signal.aborted) metrics?.[failure].add();
      throw new FetchError(failure, error);
    } finally {
      this.#count(node);
    }
    metrics?.garbled.add();
    throw new FetchError('garbled', undefined);
  }

  #judge(node: NodeId, error: unknown, signal: AbortSignal): FetchFailure {
    if (isCode(error, 'shard_missing', 'shard_corrupt')) return 'damaged';
    const isAway = isCode(error, 'peer_unreachable', 'deadline_exceeded');
    if (isAway && !signal.aborted) this.#deps.map.suspect(node, error.code);
    return 'unreachable';
  }

  #count(node: NodeId): void {
    const left = this.#inFlightTo(node) - 1;
    if (left > 0) this.#inFlight.set(node, left);
    else this.#inFlight.delete(node);
  }
}
