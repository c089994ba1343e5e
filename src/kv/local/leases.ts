import type { Clock, Timer, Timers } from '#io/world.ts';
import { compareKeys } from '../key-order.ts';
import type { LeaseId } from '../kv.ts';

interface Lease {
  readonly ttlMs: number;
  readonly keys: Set<string>;
  endsAt: number;
  timer: Timer;
}

/** Leases by the monotonic clock. `onExpired` is to `end` the lease, and to delete its keys. */
export class Leases {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #onExpired: (lease: LeaseId) => void;
  readonly #leases = new Map<LeaseId, Lease>();
  readonly #leaseOfKey = new Map<string, LeaseId>();
  #granted = 0;

  constructor(deps: { clock: Clock; timers: Timers }, onExpired: (lease: LeaseId) => void) {
    this.#clock = deps.clock;
    this.#timers = deps.timers;
    this.#onExpired = onExpired;
  }

  has(lease: LeaseId): boolean {
    return this.#leases.has(lease);
  }

  grant(ttlMs: number): LeaseId {
    this.#granted += 1;
    const id = this.#granted.toString(16) as LeaseId;
    const endsAt = this.#clock.now() + ttlMs;
    this.#leases.set(id, { ttlMs, keys: new Set(), endsAt, timer: this.#timer(id, ttlMs) });
    return id;
  }

  keepAlive(id: LeaseId): boolean {
    const lease = this.#leases.get(id);
    if (lease === undefined) return false;
    lease.endsAt = this.#clock.now() + lease.ttlMs;
    return true;
  }

  /** As a new leader of the engine does, which doesn't know how long they have lasted. */
  renewAll(): void {
    for (const id of this.#leases.keys()) this.keepAlive(id);
  }

  /** The keys that end with it. */
  end(id: LeaseId): readonly string[] {
    const lease = this.#leases.get(id);
    if (lease === undefined) return [];
    lease.timer.cancel();
    this.#leases.delete(id);
    for (const key of lease.keys) this.#leaseOfKey.delete(key);
    // In the order in which etcd deletes them, whose watchers see it.
    return [...lease.keys].sort(compareKeys);
  }

  /** The key belongs to this lease from now on, to none if undefined. */
  bind(key: string, id: LeaseId | undefined): void {
    const before = this.#leaseOfKey.get(key);
    if (before === id) return;
    if (before !== undefined) this.#leases.get(before)?.keys.delete(key);
    if (id === undefined) this.#leaseOfKey.delete(key);
    else {
      this.#leaseOfKey.set(key, id);
      this.#leases.get(id)?.keys.add(key);
    }
  }

  close(): void {
    for (const { timer } of this.#leases.values()) timer.cancel();
  }

  #timer(id: LeaseId, ms: number): Timer {
    return this.#timers.after(ms, () => this.#expire(id));
  }

  /** The timer isn't moved by each keep-alive: it looks whether the lease has really ended. */
  #expire(id: LeaseId): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    const leftMs = lease.endsAt - this.#clock.now();
    if (leftMs > 0) lease.timer = this.#timer(id, leftMs);
    else this.#onExpired(id);
  }
}
