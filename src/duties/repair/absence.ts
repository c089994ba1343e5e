/**
 * How long nodes have been away, by this process's own monotonic clock: from when it first saw them
 * without a lease. Every node keeps count, so that one that becomes coordinator needn't begin anew.
 */
import type { NodeId } from '#base/ids.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { Clock } from '#io/world.ts';

export class Absence {
  readonly #map: Pick<ClusterMap, 'nodes' | 'volumes' | 'sessionOf'>;
  readonly #clock: Clock;
  readonly #since = new Map<NodeId, number>();

  constructor(map: Pick<ClusterMap, 'nodes' | 'volumes' | 'sessionOf'>, clock: Clock) {
    this.#map = map;
    this.#clock = clock;
  }

  /** Looks who is away now. To be called every so often. */
  observe(): void {
    const now = this.#clock.now();
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

  /** Nodes that are away, for at least `ms`. */
  longerThan(ms: number): ReadonlySet<NodeId> {
    const now = this.#clock.now();
    return new Set([...this.#since].filter(([, at]) => now - at >= ms).map(([id]) => id));
  }
}
