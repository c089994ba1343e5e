/**
 * Does harm, within a budget: at most two nodes are down, stopped or cut off at a time, and one of
 * four; of the names engine the leader is gone for a while at most. Ends all of it on demand.
 */
import type { SimCluster } from './cluster.ts';
import type { FaultKind, Plan } from './plan.ts';
import type { SimNode } from './sim-node.ts';
import type { Dice } from './world/dice.ts';
import { soundDisk } from './world/disk.ts';
import { fairWeather } from './world/links.ts';
import { calmEngine, engineHost } from './world/names-engine.ts';

interface Harm {
  readonly kind: FaultKind;
  /** Takes it back. */
  readonly heal: () => void;
}

type Deed = (node: SimNode) => (() => void) | undefined;

export class Nemesis {
  readonly done = new Map<FaultKind, number>();
  readonly #cluster: SimCluster;
  readonly #plan: Plan;
  readonly #dice: Dice;
  /** Nodes that are harmed, each by one fault at a time. */
  readonly #harmed = new Map<SimNode, Harm>();
  #isOver = false;

  constructor(cluster: SimCluster, plan: Plan, dice: Dice) {
    this.#cluster = cluster;
    this.#plan = plan;
    this.#dice = dice;
  }

  /** What is so all the time. Before nodes are started. */
  setWeather(): void {
    const { links, network, engine, nodes } = this.#cluster;
    const has = (kind: FaultKind) => this.#has(kind);
    const rate = (kind: FaultKind, most: number) =>
      has(kind) ? this.#dice.skewed(0.001, most) : 0;
    links.weather = { ...fairWeather, lossRate: rate('lossy-network', 0.05) };
    network.flipRate = rate('bit-flips-on-wire', 0.01);
    engine.weather = {
      ...calmEngine,
      lostRequestRate: rate('lost-requests', 0.1),
      lostReplyRate: rate('lost-replies', 0.1),
      lateRate: rate('late-writes', 0.05),
      refusalRate: rate('refusals', 0.1),
      lateWatchRate: rate('late-watches', 0.2),
    };
    for (const node of nodes) {
      if (!has('clock-drift')) continue;
      const drift = this.#dice.between(0.99, 1.01);
      node.clockFaults = { drift, skewMs: this.#dice.between(-3_600_000, 3_600_000) };
    }
  }

  async run(): Promise<void> {
    const { scheduler } = this.#cluster;
    const kinds = [...this.#plan.faults].filter((kind) => this.#isDeed(kind));
    while (!this.#isOver && kinds.length > 0) {
      await scheduler.sleep(this.#dice.between(0.2, 2) * this.#plan.faultEveryMs);
      if (!this.#isOver) this.#strike(this.#dice.oneOf(kinds));
    }
  }

  /** Everything is well again from now on. */
  healAll(): void {
    this.#isOver = true;
    for (const { heal } of [...this.#harmed.values()]) heal();
    const { links, network, engine, nodes } = this.#cluster;
    links.mendAll();
    links.weather = fairWeather;
    network.flipRate = 0;
    engine.weather = calmEngine;
    engine.electLeader();
    for (const { disk } of nodes) disk.weather = soundDisk;
  }

  #has(kind: FaultKind): boolean {
    return this.#plan.faults.has(kind);
  }

  get #harmedMax(): number {
    return this.#plan.nodes >= 5 ? 2 : 1;
  }

  #strike(kind: FaultKind): void {
    if (this.#strikeAll(kind)) return;
    const nodes = this.#cluster.nodes.filter((node) => !this.#harmed.has(node));
    if (this.#harmed.size >= this.#harmedMax || nodes.length === 0) return;
    const node = this.#dice.oneOf(nodes);
    const undo = this.#deeds[kind]?.(node);
    if (undo === undefined) return;
    this.#count(kind);
    const heal = () => {
      if (this.#harmed.get(node) !== harm) return;
      this.#harmed.delete(node);
      undo();
    };
    const harm: Harm = { kind, heal };
    this.#harmed.set(node, harm);
    const lastsMs = this.#dice.oneOf([500, 3000, 12_000]) * this.#dice.between(0.3, 1.5);
    this.#cluster.scheduler.after(lastsMs, undefined, heal);
  }

  /** Faults that aren't one node's. */
  #strikeAll(kind: FaultKind): boolean {
    const { engine, scheduler, network, nodes } = this.#cluster;
    switch (kind) {
      case 'leader-loss':
        engine.loseLeader();
        scheduler.after(this.#dice.between(1000, 3000), undefined, () => engine.electLeader());
        break;
      case 'compaction':
        engine.compact();
        break;
      case 'reset': {
        const [one, other] = [this.#dice.oneOf(nodes), this.#dice.oneOf(nodes)];
        network.reset(one.id, other.id);
        break;
      }
      case 'clock-jumps': {
        const { process } = this.#dice.oneOf(nodes);
        if (process) process.wallJumpMs += this.#dice.between(-7_200_000, 7_200_000);
        break;
      }
      default:
        return false;
    }
    this.#count(kind);
    return true;
  }

  #isDeed(kind: FaultKind): boolean {
    const all: readonly FaultKind[] = ['leader-loss', 'compaction', 'reset', 'clock-jumps'];
    return all.includes(kind) || this.#deeds[kind] !== undefined;
  }

  #count(kind: FaultKind): void {
    this.done.set(kind, (this.done.get(kind) ?? 0) + 1);
  }

  readonly #deeds: { readonly [kind in FaultKind]?: Deed } = {
    kill: (node) => {
      node.kill();
      return () => node.start();
    },
    power: (node) => {
      node.cutPower();
      return () => node.start();
    },
    stop: (node) => {
      void node.stop();
      return () => {
        node.kill();
        node.start();
      };
    },
    pause: (node) => {
      const { process } = node;
      process?.pause();
      return () => process?.resume();
    },
    partition: (node) => this.#cutOff(node, true, true),
    'one-way': (node) => {
      const isOut = this.#dice.chance(0.5);
      return this.#cutOff(node, isOut, !isOut);
    },
    'cut-off-names': (node) => {
      const { links } = this.#cluster;
      const isOut = this.#dice.chance(0.7);
      if (isOut) links.cut(node.id, engineHost);
      if (!isOut || this.#dice.chance(0.5)) links.cut(engineHost, node.id);
      return () => {
        links.mend(node.id, engineHost);
        links.mend(engineHost, node.id);
      };
    },
    'slow-node': (node) => {
      const { links } = this.#cluster;
      links.slow(node.id, this.#dice.oneOf([10, 100, 1000]));
      return () => links.quicken(node.id);
    },
    'slow-disk': (node) => {
      const factor = this.#dice.oneOf([10, 100, 1000]);
      const { callMsMax, syncMsMax } = soundDisk;
      const slow = { callMsMax: callMsMax * factor, syncMsMax: syncMsMax * factor };
      node.disk.weather = { ...node.disk.weather, ...slow };
      return () => {
        node.disk.weather = soundDisk;
      };
    },
  };

  /** From all nodes, or some, and perhaps from the engine. */
  #cutOff(node: SimNode, outwards: boolean, inwards: boolean): () => void {
    const { links, nodes } = this.#cluster;
    const share = this.#dice.oneOf([0.4, 1]);
    const others = nodes.filter((other) => other !== node && this.#dice.chance(share));
    const hosts = others.map(({ id }) => id);
    if (this.#dice.chance(0.5)) hosts.push(engineHost);
    for (const host of hosts) {
      if (outwards) links.cut(node.id, host);
      if (inwards) links.cut(host, node.id);
    }
    return () => {
      for (const host of hosts) {
        links.mend(node.id, host);
        links.mend(host, node.id);
      }
    };
  }
}
