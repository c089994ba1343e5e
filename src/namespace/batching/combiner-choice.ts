/**
 * Which node combines, without a vote: the live one that has been registered longest. Everyone who
 * sees the same nodes agrees; a node that joins or comes back is the youngest and changes nothing;
 * and if two nodes see it differently for a while, two combiners work side by side, which does no
 * harm. A node that this process has found slow or failing is passed over, for longer each time.
 */
import type { NodeId } from '#base/ids.ts';
import type { ClusterMap } from '#cluster/cluster-map.ts';
import type { Clock } from '#io/world.ts';

export interface CombinerChoiceDeps {
  readonly map: Pick<ClusterMap, 'live' | 'sessionOf' | 'onChange'>;
  readonly clock: Clock;
}

export interface CombinerChoiceOptions {
  readonly avoidMsFirst: number;
  readonly avoidMsMax: number;
}

export const combinerChoiceDefaults: CombinerChoiceOptions = {
  avoidMsFirst: 1000,
  avoidMsMax: 30_000,
};

interface Avoided {
  readonly until: number;
  readonly forMs: number;
}

export class CombinerChoice {
  readonly #deps: CombinerChoiceDeps;
  readonly #options: CombinerChoiceOptions;
  readonly #avoided = new Map<NodeId, Avoided>();
  readonly #stopListening: () => void;
  /** Oldest first; undefined: to be made anew. */
  #bySeniority: readonly NodeId[] | undefined;

  constructor(deps: CombinerChoiceDeps, options: CombinerChoiceOptions = combinerChoiceDefaults) {
    this.#deps = deps;
    this.#options = options;
    this.#stopListening = deps.map.onChange(() => {
      this.#bySeniority = undefined;
    });
  }

  close(): void {
    this.#stopListening();
  }

  current(): NodeId | undefined {
    this.#bySeniority ??= this.#rank();
    if (this.#avoided.size === 0) return this.#bySeniority[0];
    const now = this.#deps.clock.now();
    return this.#bySeniority.find((id) => (this.#avoided.get(id)?.until ?? now) <= now);
  }

  avoid(id: NodeId): void {
    const now = this.#deps.clock.now();
    const known = this.#avoided.get(id);
    // The other messages that were under way to it fail for the same reason, and count once.
    if (known !== undefined && known.until > now) return;
    const { avoidMsFirst, avoidMsMax } = this.#options;
    const forMs = known === undefined ? avoidMsFirst : Math.min(2 * known.forMs, avoidMsMax);
    this.#avoided.set(id, { until: now + forMs, forMs });
  }

  /** It answered in time: the next failure counts as its first. */
  worked(id: NodeId): void {
    this.#avoided.delete(id);
  }

  #rank(): readonly NodeId[] {
    const { map } = this.#deps;
    for (const id of this.#avoided.keys()) if (!map.live().includes(id)) this.#avoided.delete(id);
    return map
      .live()
      .map((id) => ({ id, session: map.sessionOf(id) ?? Number.MAX_SAFE_INTEGER }))
      .sort((a, b) => a.session - b.session || (a.id < b.id ? -1 : 1))
      .map(({ id }) => id);
  }
}
