/**
 * Does harm, within a budget: at most two nodes are down, stopped, cut off or slow at a time; one,
 * if there are four, or if another one loses what is on its disk; the names engine is without a
 * leader for a few seconds. Ends all of it on demand.
 */
import type { SimCluster } from './cluster.ts';
import { clusterFaults } from './cluster-faults.ts';
import { DiskLosses, diskLosses } from './disk-losses.ts';
import { nodeFaults } from './node-faults.ts';
import type { FaultKind, Plan } from './plan.ts';
import type { SimNode } from './sim-node.ts';
import { clearWeather, makeDrift, makeWeather } from './weather.ts';
import type { Dice } from './world/dice.ts';

interface Harm {
  readonly kind: FaultKind;
  /** Takes it back. */
  readonly heal: () => void;
}

const lastsMs = [500, 3000, 8000];
const settleMsMax = 30_000;

export class Nemesis {
  readonly #cluster: SimCluster;
  readonly #plan: Plan;
  readonly #dice: Dice;
  readonly #losses: DiskLosses;
  /** Nodes that are harmed, each by one fault at a time. */
  readonly #harmed = new Map<SimNode, Harm>();
  #isOver = false;

  constructor(cluster: SimCluster, plan: Plan, dice: Dice) {
    this.#cluster = cluster;
    this.#plan = plan;
    this.#dice = dice;
    this.#losses = new DiskLosses(cluster, dice.split('losses'));
    if (plan.faults.has('clock-drift')) makeDrift(cluster, dice.split('drift'));
  }

  async run(): Promise<void> {
    makeWeather(this.#cluster, this.#plan.faults, this.#dice.split('weather'));
    const kinds = [...this.#plan.faults].filter(
      (kind) =>
        nodeFaults[kind] ??
        clusterFaults[kind] ??
        (diskLosses.includes(kind) || kind === 'disaster'),
    );
    while (!this.#isOver && kinds.length > 0) {
      await this.#cluster.scheduler.sleep(this.#dice.between(0.2, 2) * this.#plan.faultEveryMs);
      if (!this.#isOver) await this.#strike(this.#dice.oneOf(kinds));
    }
  }

  /**
   * Everything is well again from now on, but that one node may be gone for good. Who has run full
   * may have to be helped by upkeep.
   */
  async healAll(): Promise<void> {
    this.#isOver = true;
    for (const { heal } of [...this.#harmed.values()]) heal();
    clearWeather(this.#cluster);
    const { engine, nodes } = this.#cluster;
    if (!this.#plan.drains) engine.isFull = false;
    for (const node of nodes) node.start();
    if (!this.#plan.faults.has('lost-node')) return;
    await this.#cluster.until(() => this.#cluster.areAllServing, settleMsMax);
    if (await this.#losses.loseNode()) this.#count('lost-node');
  }

  get #harmedMax(): number {
    const hasLosses = diskLosses.some((kind) => this.#plan.faults.has(kind));
    return this.#plan.nodes >= 5 && !hasLosses ? 2 : 1;
  }

  async #strike(kind: FaultKind): Promise<void> {
    const forAll = clusterFaults[kind];
    if (forAll !== undefined) {
      forAll({ cluster: this.#cluster, dice: this.#dice });
      this.#count(kind);
    } else if (kind === 'disaster') {
      if (this.#losses.disaster()) this.#count(kind);
    } else if (diskLosses.includes(kind)) {
      if (this.#harmed.size < this.#harmedMax && (await this.#losses.strike(kind))) {
        this.#count(kind);
      }
    } else this.#harm(kind);
  }

  #harm(kind: FaultKind): void {
    const nodes = this.#cluster.nodes.filter((node) => !this.#harmed.has(node) && node.isUp);
    if (this.#harmed.size >= this.#harmedMax || nodes.length === 0) return;
    const node = this.#dice.oneOf(nodes);
    const undo = nodeFaults[kind]?.({ cluster: this.#cluster, dice: this.#dice }, node);
    if (undo === undefined) return;
    this.#count(kind);
    const heal = () => {
      if (this.#harmed.get(node) !== harm) return;
      this.#harmed.delete(node);
      undo();
    };
    const harm: Harm = { kind, heal };
    this.#harmed.set(node, harm);
    const forMs = this.#dice.oneOf(lastsMs) * this.#dice.between(0.3, 1.5);
    this.#cluster.scheduler.after(forMs, undefined, heal);
  }

  #count(kind: FaultKind): void {
    this.#cluster.scheduler.trace.fault(kind);
  }
}
