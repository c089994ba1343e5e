/**
 * How long nodes have been away, by this process's own monotonic clock: from when it first saw them
 * without a lease. Every node keeps count, so that one that becomes coordinator needn't begin anew.
 * What it saw while it was away itself counts for nothing: after a start of all, or a time in which
 * nobody could register, the others are given as long to come back as it was.
 */
import type { NodeId } from '#base/ids.ts';
import type { ClusterMap, Session } from '#cluster/cluster-map.ts';
import type { Clock } from '#io/world.ts';

export class Absence {
  readonly #map: Pick<ClusterMap, 'nodes' | 'volumes' | 'sessionOf'>;
  readonly #clock: Clock;
  readonly #session: Pick<Session, 'revision'>;
  readonly #since = new Map<NodeId, number>();
  #registeredAt: number | undefined;

  constructor(
    map: Pick<ClusterMap, 'nodes' | 'volumes' | 'sessionOf'>,
    session: Pick<Session, 'revision'>,
    clock: Clock,
  ) {
    this.#map = map;
    this.#session = session;
    this.#clock = clock;
  }

  /** Looks who is away now. To be called every so often. */
  observe(): void {
    const now = this.#clock.now();
    if (this.#session.revision === undefined) {
      this.#registeredAt = undefined;
      this.#since.clear();
      return;
    }
    this.#registeredAt ??= now;
    const known = new Set(this.#map.nodes().map(({ id }) => id));
    for (const { record } of this.#map.volumes()) {
      for (const member of record.members) known.add(member);
    }
    for (const id of this.#since.keys()) if (!known.has(id)) this.#since.delete(id);
    for (const id of known) {
      if (this.#map.sessionOf(id) !== undefined) this.#since.delete(id);
      else if (!this.#since.has(id)) this.#since.set(id, now);
    }
  }

  /** How long this process has been registered, as far as it knows. */
  registeredMs(): number {
    return this.#registeredAt === undefined ? 0 : this.#clock.now() - this.#registeredAt;
  }

  /** Nodes that are away, for at least `ms`. */
  longerThan(ms: number): ReadonlySet<NodeId> {
    const now = this.#clock.now();
    return new Set([...this.#since].filter(([, at]) => now - at >= ms).map(([id]) => id));
  }
}
