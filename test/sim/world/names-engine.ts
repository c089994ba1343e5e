/**
 * The names engine of a simulated cluster: etcd's members as one service with their faults. A
 * leader that is gone for a while, requests and replies that are lost, writes that land long
 * after their sender gave up, leases that last too long, watches that end or lag, a quota that
 * is reached.
 */
import { MemoryKv } from '#kv/memory/memory-kv.ts';
import type { Dice } from './dice.ts';
import type { Links } from './links.ts';
import { SimProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';

export interface EngineWeather {
  readonly lostRequestRate: number;
  readonly lostReplyRate: number;
  /** Requests that arrive up to `lateMsMax` late. */
  readonly lateRate: number;
  readonly lateMsMax: number;
  readonly refusalRate: number;
  /** Watches' batches of events that come up to `lateMsMax` late. */
  readonly lateWatchRate: number;
  /** Bugs of real engines, each of which has been seen. */
  readonly lostWatchEventRate: number;
  readonly staleReadRate: number;
  readonly falseKeepAliveRate: number;
}

export const calmEngine: EngineWeather = {
  lostRequestRate: 0,
  lostReplyRate: 0,
  lateRate: 0,
  lateMsMax: 10_000,
  refusalRate: 0,
  lateWatchRate: 0,
  lostWatchEventRate: 0,
  staleReadRate: 0,
  falseKeepAliveRate: 0,
};

export const engineHost = 'etcd';
/** How far back a stale read looks, at most. */
const staleRevisionsMax = 20;

export class NamesEngine {
  readonly scheduler: Scheduler;
  readonly links: Links;
  readonly dice: Dice;
  readonly kv: MemoryKv;
  weather: EngineWeather = calmEngine;
  /** The quota is reached: what takes space is refused, and at times done all the same. */
  isFull = false;
  /** As its upkeep is told. */
  dbBytes = 1024 * 1024;
  leaderChanges = 0;
  #waiting: (() => void)[] = [];
  #hasLeader = true;
  readonly #onLeaderLoss = new Set<() => void>();

  constructor(scheduler: Scheduler, links: Links, dice: Dice) {
    this.scheduler = scheduler;
    this.links = links;
    this.dice = dice;
    const process = new SimProcess(scheduler, engineHost, dice, { drift: 1, skewMs: 0 });
    this.kv = new MemoryKv({ clock: process.clock, timers: process.timers });
  }

  get hasLeader(): boolean {
    return this.#hasLeader;
  }

  /** Until a new one is there, nothing is decided. Some of what was proposed is forgotten. */
  loseLeader(): void {
    this.#hasLeader = false;
    for (const listener of [...this.#onLeaderLoss]) listener();
  }

  electLeader(): void {
    if (this.#hasLeader) return;
    this.#hasLeader = true;
    this.leaderChanges += 1;
    this.kv.renewLeases();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const request of waiting) if (this.dice.chance(0.7)) request();
  }

  onLeaderLoss(listener: () => void): () => void {
    this.#onLeaderLoss.add(listener);
    return () => this.#onLeaderLoss.delete(listener);
  }

  /** Runs the request now, or when there is a leader again, or never. */
  decide(request: () => void): void {
    if (this.#hasLeader) request();
    else this.#waiting.push(request);
  }

  /** A revision that a stale member might still be at. */
  staleRevision(): number {
    const { revision } = this.kv;
    return Math.max(1, revision - this.dice.whole(1, staleRevisionsMax));
  }

  compact(): void {
    this.kv.compact(this.kv.revision);
  }
}
