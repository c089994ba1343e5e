/**
 * Gives volumes new members in place of the dead. The coordinator does it; each change is a
 * compare-and-swap of one volume record, so two at a time do no harm. The new members do the rest.
 */
import type { NodeId } from '#base/ids.ts';
import { slotsByNode } from '#blob/placement.ts';
import { swapVolume } from '#blob/swap-volume.ts';
import type { ClusterMap, KnownVolume } from '#cluster/cluster-map.ts';
import type { Kv } from '#kv/kv.ts';
import type { Logger } from '#observe/log.ts';
import type { VolumeRecord } from '#protocol/volumes.ts';
import type { Duty } from '../duty.ts';
import type { Absence } from './absence.ts';
import { planRepair, type RepairFacts } from './plan-repair.ts';

export interface ReplaceMembersDeps {
  readonly kv: Pick<Kv, 'txn'>;
  readonly map: ClusterMap;
  readonly absence: Absence;
  readonly isCoordinator: () => boolean;
  /** Live nodes that can't take more: full, failing. */
  readonly isUnfit: (node: NodeId) => boolean;
  readonly log: Logger;
}

export interface ReplaceMembersOptions {
  /**
   * A member is replaced when it has been away for so long; soon, if no margin is left and this
   * node has been here for so long.
   */
  readonly repairDelayMs: number;
}

const changesMax = 32;
/** Nodes that are started again together come one after the other. */
const urgentDelayMs = 1000;

export class ReplaceMembers implements Duty {
  readonly name = 'repair: members';
  readonly #deps: ReplaceMembersDeps;
  readonly #options: ReplaceMembersOptions;
  #changed = 0;

  constructor(deps: ReplaceMembersDeps, options: ReplaceMembersOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  async step(signal: AbortSignal): Promise<'busy' | 'idle'> {
    const { absence, isCoordinator } = this.#deps;
    absence.observe();
    if (!isCoordinator() || this.#mayBeCutOff()) return 'idle';
    const changes = planRepair(this.#facts()).slice(0, changesMax);
    const results = await Promise.allSettled(
      changes.map(({ volume, record }) => this.#change(volume, record, signal)),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    // Where none got through this view is behind, and likely stays so for a while.
    return results.some((result) => 'value' in result && result.value) ? 'busy' : 'idle';
  }

  progress() {
    return { changed: this.#changed };
  }

  /** Most of the living, by their leases, are suspects here: then it's this node that is ill. */
  #mayBeCutOff(): boolean {
    const { map } = this.#deps;
    const leased = map.nodes().filter(({ id }) => map.sessionOf(id) !== undefined);
    const reached = leased.filter(({ id }) => map.isLive(id));
    return 2 * reached.length <= leased.length;
  }

  #facts(): RepairFacts {
    const { map, absence, isUnfit } = this.#deps;
    const away = absence.longerThan(0);
    const { repairDelayMs } = this.#options;
    const overdue = absence.longerThan(repairDelayMs);
    const isSettled = absence.registeredMs() >= repairDelayMs;
    const live = map.nodes().filter(({ id }) => !away.has(id));
    const slots = slotsByNode(map.volumes());
    const takers = live.filter(({ id, draining }) => map.isLive(id) && !draining && !isUnfit(id));
    return {
      volumes: map.volumes(),
      live: new Set(live.map(({ id }) => id)),
      overdue,
      missing: new Set([...away].filter((id) => !overdue.has(id))),
      urgent: isSettled ? absence.longerThan(urgentDelayMs) : new Set(),
      takers: takers.map(({ id, zone, capacityBytes: capacity }) => ({
        ...{ id, zone, capacity, slots: slots.get(id) ?? 0 },
      })),
      zoneOf: (node) => map.node(node)?.zone,
    };
  }

  async #change(known: KnownVolume, record: VolumeRecord, signal: AbortSignal): Promise<boolean> {
    if (!(await swapVolume(this.#deps, known, record, { signal }))) return false;
    this.#changed += 1;
    const { log } = this.#deps;
    const { id: volume, members, rebuilding, epoch } = record;
    log.info('volume has other members', { volume, members, rebuilding, epoch });
    return true;
  }
}
