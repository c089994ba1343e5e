/** A whole simulated cluster: nodes, network and names engine on one virtual clock. */
import type { Logger } from '#observe/log.ts';
import type { FrontDoor } from './front-door.ts';
import type { Plan } from './plan.ts';
import type { Recorder } from './recorder.ts';
import { SimNode } from './sim-node.ts';
import { Truth } from './truth.ts';
import type { Dice } from './world/dice.ts';
import { Links } from './world/links.ts';
import { NamesEngine } from './world/names-engine.ts';
import { SimNetwork } from './world/network.ts';
import type { Scheduler } from './world/scheduler.ts';

export interface ClusterParts {
  readonly plan: Plan;
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  readonly recorder: Recorder;
  readonly log: (node: string) => Logger;
}

/** A node that ended by itself is started again after this. */
const restartMs = 1000;
const lookEveryMs = 500;

export class SimCluster implements FrontDoor {
  readonly scheduler: Scheduler;
  readonly links: Links;
  readonly network: SimNetwork;
  readonly engine: NamesEngine;
  readonly nodes: readonly SimNode[];
  readonly dice: Dice;
  lostAnswerRate = 0;

  constructor({ plan, scheduler, dice, recorder, log }: ClusterParts) {
    this.scheduler = scheduler;
    this.dice = dice.split('front doors');
    this.links = new Links(scheduler, dice.split('links'));
    this.network = new SimNetwork(scheduler, this.links, dice.split('network'));
    this.engine = new NamesEngine(scheduler, this.links, dice.split('engine'));
    const parts = {
      ...{ network: this.network, engine: this.engine, dice, log },
      ...{ probeEveryMs: plan.probeEveryMs, repairDelayMs: plan.repairDelayMs },
      segmentBytesMax: plan.segmentBytesMax,
      onExit: (node: SimNode, error: unknown) => this.#exited(recorder, node, error),
      onServing: (node: SimNode) => void this.#checkKept(recorder, node),
    };
    this.nodes = Array.from(
      { length: plan.nodes },
      (_, index) => new SimNode(`n${index + 1}`, parts),
    );
  }

  /** Those that are there, or will be. */
  get present(): readonly SimNode[] {
    return this.nodes.filter((node) => !node.isLost);
  }

  get areAllServing(): boolean {
    return this.present.every(
      ({ inside }) =>
        inside?.session.revision !== undefined &&
        this.present.every(({ id }) => inside.cluster.live().some((live) => live === id)),
    );
  }

  /** Looks again and again until it holds. False: it didn't within the time. */
  async until(holds: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
    const end = this.scheduler.now + withinMs;
    while (!(await holds())) {
      if (this.scheduler.now >= end) return false;
      await this.scheduler.sleep(lookEveryMs);
    }
    return true;
  }

  /** Neither a kill nor a power cut takes away what was acknowledged. */
  async #checkKept(recorder: Recorder, node: SimNode): Promise<void> {
    if (node.hasLostDisk) return;
    const lost = await new Truth(this).lostOf(node, node.heldAtDeath);
    if (lost !== undefined) recorder.fail('acknowledged and lost', `${node.id}: ${lost}`);
  }

  #exited(recorder: Recorder, node: SimNode, error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    recorder.exits.push(`${node.id}: ${detail}`);
    this.scheduler.after(restartMs, undefined, () => node.start());
  }
}
